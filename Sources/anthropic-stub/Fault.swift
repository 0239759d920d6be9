/// What goes wrong with an answer.
enum Fault: Equatable {
  case status(Int, retryAfter: Int?)
  /// After so many deltas the connection is closed.
  case cut(after: Int)
  /// After so many deltas nothing more comes.
  case stall(after: Int)
  /// After so many deltas an `error` event ends the stream.
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

  /// After how many deltas it happens; 0 for what happens before the stream.
  var deltas: Int {
    switch self {
    case .status: 0
    case .cut(let deltas), .stall(let deltas), .errorEvent(let deltas): deltas
    }
  }
}
