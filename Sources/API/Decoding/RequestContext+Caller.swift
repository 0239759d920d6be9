import EventLoop
import HTTPServer
import Identity
import Telemetry
import Turns

@Reactor
extension RequestContext {
  /// Who sent the request.
  ///
  /// - Throws: `HTTPError` 500 for a request that no authentication has seen: it must not pass as anybody.
  func principal() throws -> Principal {
    guard let principal = self[Principal.self] else {
      logger.error("a request reached its route without authentication")
      throw HTTPError.internalError
    }
    return principal
  }

  /// The request as the application sees it.
  ///
  /// - Throws: as `principal`.
  func caller() throws -> Caller {
    Caller(principal: try principal(), requestID: requestID, logger: logger, cancellation: cancellation)
  }
}
