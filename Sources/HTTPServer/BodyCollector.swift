import Bytes
package import EventLoop

/// Takes a response's body into memory, where there is no connection to write it to.
@Reactor
package final class BodyCollector {
  package enum Ending: Sendable, Equatable {
    case finished
    /// The body could not be completed.
    case aborted
    /// The client left.
    case left
  }

  private var buffer = ByteBuffer()
  /// Nil while the body is being written.
  package private(set) var ending: Ending?
  private let body: HTTPResponse.Body
  private var writer: BodyWriter?

  package init(_ body: HTTPResponse.Body) {
    self.body = body
  }

  /// Starts the body. A complete one is there at once.
  package func start() {
    switch body {
    case .bytes(let bytes):
      buffer.append(bytes)
      ending = .finished
    case .stream(let stream):
      let writer = BodyWriter(self)
      self.writer = writer
      stream.start(writer)
    case .upgrade(let handler):
      ending = .aborted
      handler.didClose()
    }
  }

  /// What was written so far.
  package var bytes: [UInt8] { buffer.bytes }

  /// The client leaves before the body's end.
  package func leave() {
    guard ending == nil else { return }
    end(.left)
    if case .stream(let stream) = body { stream.clientDidLeave() }
  }

  func write(_ body: (inout ByteBuffer) -> Void) { body(&buffer) }

  func end(_ ending: Ending) {
    guard self.ending == nil else { return }
    self.ending = ending
    writer?.detach()
    writer = nil
  }
}
