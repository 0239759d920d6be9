import Bytes
public import EventLoop
import HTTP
public import HTTPServer
import Telemetry
public import Turns

/// `GET /v1/models` and `/v1/models/{id}`: in Anthropic's form for its clients, in OpenAI's for all others.
@Reactor
public struct ModelRoutes {
  private let models: ModelDirectory

  public init(models: ModelDirectory) { self.models = models }

  public func add(to router: inout Router) {
    router.on(
      "GET", "/v1/models",
      atOnce: { [models] request, _, _ in
        let list = models.catalog.models
        if request.head.isOfAnthropicClient { return .json(try ModelPage(of: list, request.head).json) }
        return .json(["object": "list", "data": .array(list.map(\.json))])
      })
    router.on(
      "GET", "/v1/models/{id}",
      atOnce: { [models] request, _, parameters in
        guard let model = models.catalog.model(parameters["id"]) else { throw ModelCatalog.notFound(parameters["id"]) }
        return .json(request.head.isOfAnthropicClient ? model.anthropicJSON : model.json)
      })
  }
}

extension ModelCatalog.Model {
  /// In OpenAI's form, with the context length under the names that its clients look for.
  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "id": .string(id), "object": "model", "created": JSONValue(created), "owned_by": .string(ownedBy),
    ]
    if let contextLength {
      for name in ["context_length", "context_window", "max_model_len"] { object[name] = JSONValue(contextLength) }
    }
    return .object(object)
  }

  /// In Anthropic's form. A model of unknown age is dated 1970, as there.
  var anthropicJSON: JSONValue {
    var object: JSONObject = [
      "type": "model", "id": .string(id), "display_name": .string(displayName),
      "created_at": .string(Timestamp(milliseconds: created * 1000).iso8601), "lifecycle": "active",
    ]
    if let contextLength { object["max_input_tokens"] = JSONValue(contextLength) }
    return .object(object)
  }
}
