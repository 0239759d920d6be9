import Bytes
import HTTP
import HTTPServer
import Turns

/// The part of a list that a request asks for, in OpenAI's way: `limit`, `after`, `order`.
struct ListPage: Sendable, Equatable {
  let limit: Int
  /// The id of the last item that the client has.
  let after: String?
  let newestFirst: Bool

  static let defaultLimit = 20
  static let maximumLimit = 100

  /// - Parameter newestFirst: the default order.
  /// - Throws: `RequestError` 400.
  init(_ head: HTTPRequestHead, newestFirst: Bool) throws {
    limit = try head.queryNumber("limit", in: 1...ListPage.maximumLimit) ?? ListPage.defaultLimit
    after = head.queryItem("after")
    switch head.queryItem("order") {
    case nil: self.newestFirst = newestFirst
    case "asc": self.newestFirst = false
    case "desc": self.newestFirst = true
    default: throw RequestError.invalid("order must be asc or desc", param: "order")
    }
  }

  /// - Parameter items: the oldest first.
  /// - Throws: `RequestError` 400 if there is no item `after`.
  func json(_ items: [JSONValue], id: (JSONValue) -> String) throws -> JSONValue {
    let ordered = newestFirst ? items.reversed() : items
    let start =
      try after.map { after in
        guard let index = ordered.firstIndex(where: { id($0) == after }) else {
          throw RequestError.invalid("after is not the id of an item in this list", param: "after")
        }
        return index + 1
      } ?? 0
    let page = ordered[start...].prefix(limit)
    return [
      "object": "list", "data": .array(Array(page)), "first_id": page.first.map { .string(id($0)) } ?? .null,
      "last_id": page.last.map { .string(id($0)) } ?? .null, "has_more": .bool(start + page.count < items.count),
    ]
  }
}

extension HTTPRequestHead {
  /// A number in the query; nil if it is missing.
  ///
  /// - Throws: `RequestError` 400 for anything else.
  func queryNumber(_ name: String, in range: ClosedRange<Int> = 0...Int.max) throws -> Int? {
    guard let text = queryItem(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      let bounds = range.upperBound == .max ? "" : " from \(range.lowerBound) to \(range.upperBound)"
      throw RequestError.invalid("\(name) must be a number\(bounds)", param: name)
    }
    return number
  }
}
