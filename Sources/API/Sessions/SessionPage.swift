import ClaudeCode
import HTTP
import HTTPServer

/// Which part of a list of sessions is asked for: `limit`, and `after`, the id of the last one that is known.
struct SessionPage: Sendable, Equatable {
  static let defaultLimit = 20
  static let maximumLimit = 100

  let limit: Int
  let after: String?

  /// - Throws: `HTTPError` 400.
  init(_ head: HTTPRequestHead) throws {
    after = head.queryItem("after")
    guard let text = head.queryItem("limit") else {
      limit = SessionPage.defaultLimit
      return
    }
    guard let limit = Int(text), (1...SessionPage.maximumLimit).contains(limit) else {
      throw HTTPError.invalidRequest(
        "limit must be a number from 1 to \(SessionPage.maximumLimit)", param: "limit")
    }
    self.limit = limit
  }

  /// - Returns: the part, and whether there is more behind it.
  /// - Throws: `HTTPError` 400 where the session to begin after is not one of these.
  func part(of records: [SessionRecord]) throws -> ([SessionRecord], hasMore: Bool) {
    var rest = records[...]
    if let after {
      guard let index = records.firstIndex(where: { $0.id == after }) else {
        throw HTTPError.invalidRequest("after must be the id of a session", param: "after")
      }
      rest = records[(index + 1)...]
    }
    return (Array(rest.prefix(limit)), rest.count > limit)
  }
}
