import Bytes
import HTTP
import HTTPServer
import Turns

/// A page of the list of models, for Anthropic's clients.
struct ModelPage {
  let models: ArraySlice<ModelCatalog.Model>
  /// Whether there are more models in the requested direction.
  let hasMore: Bool

  /// The default number of models on a page, and the highest.
  static let usualCount = 20
  static let maximumCount = 1000

  /// - Throws: `RequestError` 400 for a bad limit, or an unknown model.
  init(of models: [ModelCatalog.Model], _ head: HTTPRequestHead) throws {
    let limit = try head.queryNumber("limit", in: 1...ModelPage.maximumCount) ?? ModelPage.usualCount
    if let id = head.queryItem("before_id") {
      let before = models[..<(try ModelPage.index(of: id, in: models, "before_id"))]
      self.models = before.suffix(limit)
      hasMore = before.count > limit
    } else {
      let start = try head.queryItem("after_id").map { try ModelPage.index(of: $0, in: models, "after_id") + 1 } ?? 0
      self.models = models[start...].prefix(limit)
      hasMore = models.count - start > limit
    }
  }

  private static func index(of id: String, in models: [ModelCatalog.Model], _ param: String) throws -> Int {
    guard let index = models.firstIndex(where: { $0.id == id }) else {
      throw RequestError.invalid("\(param): there is no model \(id.prefix(64)) in the list", param: param)
    }
    return index
  }

  var json: JSONValue {
    [
      "data": .array(models.map(\.anthropicJSON)), "has_more": .bool(hasMore), "first_id": JSONValue(models.first?.id),
      "last_id": JSONValue(models.last?.id),
    ]
  }
}
