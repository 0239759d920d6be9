/// A failure of the upstream, before or during an answer.
enum StubFault: Equatable {
  case status(Int, retryAfter: Int?)
  /// Closes the connection after that many deltas.
  case cut(after: Int)
  /// Sends nothing more after that many deltas.
  case stall(after: Int)
  /// Ends the stream with an `error` event after that many deltas.
  case errorEvent(after: Int)

  init?(_ script: Script) {
    if let status = script[.status] {
      self = .status(status, retryAfter: script[.retryAfter])
    } else if let deltas = script[.cut] {
      self = .cut(after: deltas)
    } else if let deltas = script[.stall] {
      self = .stall(after: deltas)
    } else if let deltas = script[.errorEvent] {
      self = .errorEvent(after: deltas)
    } else {
      return nil
    }
  }

  /// How many deltas precede the fault; 0 for an HTTP error.
  var deltas: Int {
    switch self {
    case .status: 0
    case .cut(let deltas), .stall(let deltas), .errorEvent(let deltas): deltas
    }
  }
}
