/// What a session is doing.
public enum SessionState: Sendable, Equatable {
  case running
  /// Its run waits for the client to answer these calls.
  case parked(calls: [String])
  /// A process is kept for its next turn.
  case idle
  /// Only its transcript exists.
  case stored
}
