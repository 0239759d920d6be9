public import EventLoop

/// A body that writes itself, synchronously, whenever it has something.
@Reactor
public protocol StreamingBody: AnyObject {
  /// The head has been written; from now on `writer` takes bytes. Called once.
  func start(_ writer: BodyWriter)

  /// The client has taken enough that writing may go on (see `BodyWriter.isCongested`).
  func writerDidDrain()

  /// Bytes that change nothing for a reader: sent to learn whether one is still there. Empty if the format has none.
  var probe: [UInt8] { get }

  /// The client is gone; nothing more will be sent. Not called after `finish`.
  func clientDidLeave()
}

extension StreamingBody {
  public func writerDidDrain() {}
  public var probe: [UInt8] { [] }
}
