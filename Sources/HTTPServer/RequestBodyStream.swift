public import EventLoop

/// Reads the body of a request while it comes.
@Reactor
public protocol RequestBodyReader: AnyObject {
  /// More of the body has come. `bytes` is valid during the call only.
  func bodyDidReceive(_ bytes: Span<UInt8>)
  /// The body is complete.
  func bodyDidEnd()
  /// The body will never be complete: the client is gone, too slow, or beyond a limit. Its response is sent by the server.
  func bodyDidFail(_ error: HTTPError)
}

/// The body of a request whose route reads it piece by piece. Nothing is read, and a client that expects `100 Continue`
/// gets none, before `start`.
@Reactor
public final class RequestBodyStream {
  private enum Ending {
    case complete
    case failed(HTTPError)
  }

  private weak var connection: HTTPConnection?
  private var reader: (any RequestBodyReader)?
  /// How it ended before there was a reader.
  private var ending: Ending?

  init(_ connection: HTTPConnection) { self.connection = connection }

  /// Begins to read. To be called once.
  public func start(_ reader: any RequestBodyReader) {
    switch ending {
    case .complete: reader.bodyDidEnd()
    case .failed(let error): reader.bodyDidFail(error)
    case nil:
      self.reader = reader
      connection?.resumeBody(of: self)
    }
  }

  /// Stops reading, so that the client is slowed down. The body's time limits do not pass meanwhile.
  public func pause() { connection?.pauseBody(of: self) }

  /// Continues after `pause`.
  public func resume() { connection?.resumeBody(of: self) }

  func receive(_ bytes: Span<UInt8>) { reader?.bodyDidReceive(bytes) }

  func end() {
    let reader = reader
    detach()
    if let reader { reader.bodyDidEnd() } else { ending = .complete }
  }

  func fail(_ error: HTTPError) {
    let reader = reader
    detach()
    if let reader { reader.bodyDidFail(error) } else { ending = .failed(error) }
  }

  /// The request has its response, and the rest of the body is dropped.
  func detach() {
    connection = nil
    reader = nil
  }
}
