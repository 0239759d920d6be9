package import Bytes
package import EventLoop
package import Identity
import Telemetry
package import Turns

extension Principal {
  package static let me = Principal(id: "me", name: "me")
  package static let you = Principal(id: "you", name: "you")
  package static let admin = Principal(id: "admin", name: "admin", isAdmin: true)
}

extension Caller {
  /// A caller that does not give up, unless by `cancellation`.
  @Reactor
  package static func of(
    _ principal: Principal = .me, requestID: String = "", cancellation: CancellationSignal? = nil
  ) -> Caller {
    Caller(
      principal: principal, requestID: requestID, logger: .silent,
      cancellation: cancellation ?? CancellationSignal())
  }
}

/// JSON that is no object.
private struct NoObject: Error {}

/// A JSON object written as text.
package func object(_ text: String) throws -> JSONObject {
  guard let object = try JSONValue(parsing: text).object else { throw NoObject() }
  return object
}

extension RequestError {
  /// Status, `param` and `code`, for tables.
  package var summary: String { "\(status) \(param ?? "-") \(code ?? "-")" }
}

/// The summary of the `RequestError` that `body` throws; nil if nothing is thrown.
package func refusal(_ body: () throws -> Void) throws -> String? {
  do {
    try body()
    return nil
  } catch let error as RequestError {
    return error.summary
  }
}

/// As for a body that does not wait.
@Reactor
package func refusal(_ body: @Reactor () async throws -> Void) async throws -> String? {
  do {
    try await body()
    return nil
  } catch let error as RequestError {
    return error.summary
  }
}
