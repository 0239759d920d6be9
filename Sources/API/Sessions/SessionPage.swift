import Bytes
import HTTP
import HTTPServer
import Turns

/// The requested part of a list of sessions: `limit`, and `after`, the id of the last one that the client has.
struct SessionPage: Sendable, Equatable {
  static let defaultLimit = 20
  static let maximumLimit = 100

  let limit: Int
  let after: String?

  /// - Throws: `RequestError` 400.
  init(_ head: HTTPRequestHead) throws {
    after = head.queryItem("after").map { UUIDText.normalized($0) ?? $0 }
    limit = try head.queryNumber("limit", in: 1...SessionPage.maximumLimit) ?? SessionPage.defaultLimit
  }

  /// - Parameter ids: of all sessions.
  /// - Returns: the part, and whether more follow.
  /// - Throws: `RequestError` 400 if the session `after` is not one of them.
  func part(of ids: [String]) throws -> (ids: [String], hasMore: Bool) {
    var rest = ids[...]
    if let after {
      guard let index = ids.firstIndex(of: after) else {
        throw RequestError.invalid("after must be the id of a session", param: "after")
      }
      rest = ids[(index + 1)...]
    }
    return (Array(rest.prefix(limit)), rest.count > limit)
  }
}
