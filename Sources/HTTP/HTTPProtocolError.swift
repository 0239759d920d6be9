/// A request that broke the protocol or a limit. The connection ends after it.
public struct HTTPProtocolError: Error, Equatable, Sendable {
  public let status: HTTPStatus
  public let message: String

  public init(_ status: HTTPStatus, _ message: String) {
    self.status = status
    self.message = message
  }
}
