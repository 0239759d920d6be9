public import Bytes
public import EventLoop

/// Writes a streaming body straight into the connection's output, framed as HTTP needs it. The writes of one turn of
/// the loop go out in one chunk and one system call.
@Reactor
public final class BodyWriter {
  /// Nil after the response's end. Not weak: that would put each access to the connection on a slow path.
  private var connection: HTTPConnection?
  private let exchange: Exchange?
  /// Takes the body where there is no connection; nil after the response's end.
  private var collector: BodyCollector?

  init(_ connection: HTTPConnection, _ exchange: Exchange) {
    self.connection = connection
    self.exchange = exchange
  }

  init(_ collector: BodyCollector) {
    self.collector = collector
    exchange = nil
  }

  /// The response has ended.
  func detach() { (connection, collector) = (nil, nil) }

  /// Lets `body` append to the output. A no-op when the client is gone or the body has ended.
  public func write(_ body: (inout ByteBuffer) -> Void) {
    if let connection, let exchange { connection.writeBody(of: exchange, body) } else { collector?.write(body) }
  }

  /// The body is complete.
  public func finish() {
    connection?.finishBody(from: self)
    collector?.end(.finished)
  }

  /// The body cannot be completed: the connection is cut, so that the client notices.
  public func abort() {
    connection?.abortBody(from: self)
    collector?.end(.aborted)
  }

  /// Whether the client is so far behind that the source should pause; `writerDidDrain` follows.
  public var isCongested: Bool { connection?.isCongested ?? false }
}
