import Bytes
public import EventLoop
import HTTP
public import HTTPServer
import Telemetry
public import Turns

/// `GET /v1/models` and `/v1/models/{id}`: in Anthropic's form for its clients, in OpenAI's for all others.
@Reactor
public struct ModelRoutes {
  private let catalog: ModelCatalog

  public init(catalog: ModelCatalog) { self.catalog = catalog }

  public func add(to router: inout Router) {
    router.on(
      "GET", "/v1/models",
      atOnce: { [catalog] request, _, _ in
        if request.head.isOfAnthropicClient { return .json(try ModelPage(of: catalog.models, request.head).json) }
        return .json(["object": "list", "data": .array(catalog.models.map(\.json))])
      })
    router.on(
      "GET", "/v1/models/{id}",
      atOnce: { [catalog] request, _, parameters in
        guard let model = catalog.model(parameters["id"]) else { throw ModelCatalog.notFound(parameters["id"]) }
        return .json(request.head.isOfAnthropicClient ? model.anthropicJSON : model.json)
      })
  }
}

extension ModelCatalog.Model {
  fileprivate var json: JSONValue {
    ["id": .string(id), "object": "model", "created": JSONValue(created), "owned_by": .string(ownedBy)]
  }

  /// In Anthropic's form. A model of unknown age is dated 1970, as there.
  var anthropicJSON: JSONValue {
    [
      "type": "model", "id": .string(id), "display_name": .string(displayName),
      "created_at": .string(Timestamp(milliseconds: created * 1000).iso8601), "lifecycle": "active",
    ]
  }
}
