import Bytes
public import EventLoop
import HTTP
public import HTTPServer

/// `GET /v1/models` and `/v1/models/{id}`.
@Reactor
public struct ModelRoutes {
  private let catalog: ModelCatalog

  public init(catalog: ModelCatalog) { self.catalog = catalog }

  public func add(to router: inout Router) {
    router.on(
      "GET", "/v1/models",
      atOnce: { [catalog] _, _, _ in
        .json(["object": "list", "data": .array(catalog.models.map(\.json))])
      })
    router.on(
      "GET", "/v1/models/{id}",
      atOnce: { [catalog] _, _, parameters in
        guard let model = catalog.model(parameters["id"]) else { throw ModelCatalog.notFound(parameters["id"]) }
        return .json(model.json)
      })
  }
}

extension ModelCatalog.Model {
  fileprivate var json: JSONValue {
    ["id": .string(id), "object": "model", "created": JSONValue(created), "owned_by": .string(ownedBy)]
  }
}
