package import Bytes
package import ClaudeCode

/// Encodes a run as one dialect's stream. A value without clock or id source.
package protocol RunEncoder {
  /// Whether something was written that the client must see: from then on the HTTP status is decided.
  var hasContent: Bool { get }

  /// Whether the answer is complete whatever the run emits next. The run is left, and `closeEarly` follows.
  ///
  /// Mutating, because reading it from a stored encoder would copy the encoder, with every event.
  var isSatisfied: Bool { mutating get }

  mutating func closeEarly(to output: inout ByteBuffer)

  /// The stream begins, before the run has emitted anything.
  mutating func open(to output: inout ByteBuffer)

  /// - Throws: `ClaudeError` if the answer cannot continue; `close` with the error follows.
  mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer) throws(ClaudeError)

  /// The run has its result.
  ///
  /// - Throws: `ClaudeError` for a result that is an error; `close` with it follows.
  mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError)

  /// The CLI asks for permission to use a tool; `closeParked` follows.
  mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer)

  /// Another turn of an agent begins, with this input.
  mutating func encode(input: Span<UInt8>, to output: inout ByteBuffer)

  /// The run is parked: the answer ends in calls.
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

/// How an answer ended.
package enum AnswerOutcome: Sendable, Equatable {
  /// With its run, or when the run was parked.
  case ended(RunOutcome)
  /// Before its run, which was left, for instance at a stop sequence.
  case complete

  /// The client left before the end.
  package static let left = AnswerOutcome.ended(
    .failed(ClaudeError(.cancelled, "The client left", reachedCLI: true)))
}
