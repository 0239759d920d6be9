import EventLoop
import Identity
import Turns

@testable import API
@testable import HTTPServer

extension RequestContext {
  /// The request as the application sees it.
  func caller(_ principal: Principal) -> Caller {
    Caller(principal: principal, requestID: requestID, logger: logger, cancellation: cancellation)
  }
}

extension HTTPResponse {
  /// The body as text; nil for one that comes piece by piece.
  var text: String? {
    if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { nil }
  }
}
