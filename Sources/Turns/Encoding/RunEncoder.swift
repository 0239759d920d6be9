package import Bytes
package import ClaudeCode

/// Writes a run as one dialect's stream. A value without writer, clock or id source.
package protocol RunEncoder {
  /// Whether something was written that the client must see: from then on the status is decided.
  var hasContent: Bool { get }

  /// Whether nothing of what the run may still say belongs to the answer: the run is left, and `closeEarly` follows.
  ///
  /// Mutating, so that asking a stored encoder does not copy it: it is asked with every event.
  var isSatisfied: Bool { mutating get }

  mutating func closeEarly(to output: inout ByteBuffer)

  /// The stream begins: for what is to be seen before the run has said anything.
  mutating func open(to output: inout ByteBuffer)

  /// - Throws: `ClaudeError` when the answer cannot go on; `close` with it follows.
  mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer) throws(ClaudeError)

  /// The run has its result.
  ///
  /// - Throws: `ClaudeError` for a result that is none; `close` with it follows.
  mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError)

  /// The CLI asks whether it may use a tool; `closeParked` follows.
  mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer)

  /// Another turn begins, with what the client says: in the journal of an agent.
  mutating func encode(input: Span<UInt8>, to output: inout ByteBuffer)

  /// The run waits for what the client's functions answer: the answer ends in their calls.
  mutating func closeParked(to output: inout ByteBuffer)

  /// The run failed after something was written.
  mutating func close(_ error: ClaudeError, to output: inout ByteBuffer)
}

extension RunEncoder {
  package var isSatisfied: Bool { mutating get { false } }
  package mutating func open(to output: inout ByteBuffer) {}
  package mutating func encode(input: Span<UInt8>, to output: inout ByteBuffer) {}
  package mutating func closeEarly(to output: inout ByteBuffer) {}
}

/// How an answer ended, for whoever encodes it.
package enum AnswerOutcome: Sendable, Equatable {
  /// With its run, or when that was parked.
  case ended(RunOutcome)
  /// Before its run, which was left: at a stop sequence, for instance.
  case complete
}
