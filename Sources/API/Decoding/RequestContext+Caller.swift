import EventLoop
import HTTPServer
import Identity
import Telemetry
import Turns

@Reactor
extension RequestContext {
  /// The authenticated principal.
  ///
  /// - Throws: `HTTPError` 500 if authentication did not see the request.
  func principal() throws -> Principal {
    guard let principal = self[Principal.self] else {
      logger.error("a request reached its route without authentication")
      throw HTTPError.internalError
    }
    return principal
  }

  /// The caller of the request.
  ///
  /// - Throws: as `principal`.
  func caller() throws -> Caller {
    Caller(principal: try principal(), requestID: requestID, logger: logger, cancellation: cancellation)
  }
}
