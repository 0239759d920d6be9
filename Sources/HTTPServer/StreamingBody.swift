public import EventLoop

/// A response body that is written synchronously, piece by piece.
@Reactor
public protocol StreamingBody: AnyObject {
  /// The head is written; from now on `writer` takes bytes. Called once.
  func start(_ writer: BodyWriter)

  /// The client has taken enough that writing may continue (see `BodyWriter.isCongested`).
  func writerDidDrain()

  /// Bytes without meaning for a reader, sent to learn whether the client is still there. Empty if the format has none.
  var probe: [UInt8] { get }

  /// The client is gone, and nothing more will be sent. Not called after `finish`.
  func clientDidLeave()
}

extension StreamingBody {
  public func writerDidDrain() {}
  public var probe: [UInt8] { [] }
}
