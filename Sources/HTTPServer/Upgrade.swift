public import Bytes
public import EventLoop

/// Another protocol on a connection that began with HTTP.
@Reactor
public protocol UpgradeHandler: AnyObject {
  /// The connection was handed over, and the 101 response written.
  func start(_ connection: UpgradedConnection)
  /// Bytes of the client, beginning with those that came behind the request. Valid during the call only.
  func didReceive(_ bytes: Span<UInt8>)
  /// The client has taken enough that writing may continue (see `UpgradedConnection.isCongested`).
  func didDrain()
  /// The server shuts down: end the protocol in its own way, then call `UpgradedConnection.finish`.
  func serverWillStop()
  /// The connection is closed, by the client or by `abort`. Not called after `finish`.
  func didClose()
}

/// A connection that another protocol has. No time limits of HTTP apply.
@Reactor
public final class UpgradedConnection {
  /// Until the protocol has ended. Not weak: that would put each access to the connection on a slow path.
  private var connection: HTTPConnection?

  init(_ connection: HTTPConnection) { self.connection = connection }

  /// Lets `body` append to the output, which is sent at the end of the loop's turn. A no-op after the end.
  public func write(_ body: (inout ByteBuffer) -> Void) { connection?.writeUpgraded(body) }

  /// Whether the client is so far behind that the source should pause; `didDrain` follows.
  public var isCongested: Bool { connection?.isCongested ?? false }

  /// Stops reading, so that the client is slowed down.
  public func pauseReading() { connection?.isUpgradePaused = true }

  /// Continues after `pauseReading`.
  public func resumeReading() { connection?.resumeUpgraded() }

  /// The protocol has ended: the connection is closed when the client has taken the output.
  public func finish() {
    let connection = connection
    detach()
    connection?.finishUpgraded()
  }

  /// Closes the connection at once.
  public func abort() { connection?.lose() }

  func detach() { connection = nil }
}
