/// What becomes of a session at the moment.
public enum SessionState: Sendable, Equatable {
  case running
  /// Its turn waits for what the client answers to these calls.
  case parked(calls: [String])
  /// A process is kept for its next turn.
  case idle
  /// Nothing but its transcript is there.
  case stored
}
