package import Bytes
package import ClaudeCode

/// Writes the pieces of an answer in one dialect. `AnswerEncoder` calls it; a value without clock or id source.
package protocol AnswerWriter: AnswerSink, Sendable {
  /// Swaps the writer's output with `output`: bytes go from the line straight to their place.
  mutating func exchange(_ output: inout ByteBuffer)

  /// Whether the answer's first bytes are written.
  var hasBegun: Bool { get }
  /// Whether something was written that the client must see: from then on the HTTP status is decided.
  var hasContent: Bool { get }
  /// Whether nothing of an answer is written.
  var isEmpty: Bool { get }
  /// The answer so far, without the plan's head, as the client will send it back.
  var message: ChatMessage { get }
  /// Whether thinking that comes now begins a line.
  var startsLine: Bool { get set }

  /// The stream begins, before the run has emitted anything.
  mutating func open()
  /// A line comes, and `hasBegun` is false. `usage` is what the upstream has counted so far.
  mutating func prepare(_ usage: TokenUsage)
  /// A piece of the answer's text, from the model or not.
  mutating func text(_ escaped: Span<UInt8>)
  /// A permission request that the client has to answer.
  mutating func ask(_ question: PermissionQuestion)
  /// The answer is complete.
  mutating func finish(_ ending: AnswerEnding)
  /// The run failed after something was written.
  ///
  /// - Parameter usage: what the upstream has counted so far.
  mutating func fail(_ error: ClaudeError, usage: TokenUsage)
}

/// How an answer ends.
package struct AnswerEnding {
  package enum Reason {
    /// The turn has its result.
    case result(TurnResult)
    /// The client has to answer calls.
    case calls
    /// At a stop sequence.
    case stopped(at: String)
  }

  package let reason: Reason
  /// Whether the model called functions of the client.
  package let hasCalls: Bool
  /// Why the last upstream message stopped.
  package let lastStopReason: String?
  package let usage: TokenUsage
  /// US dollars; nil until the turn has ended.
  package var cost: Double? {
    if case .result(let result) = reason { result.totalCost } else { nil }
  }
}

extension AnswerWriter {
  package var hasContent: Bool { hasBegun }
  package var isEmpty: Bool { !hasBegun }
  package mutating func open() {}
  package mutating func prepare(_ usage: TokenUsage) {}
  package mutating func ask(_ question: PermissionQuestion) { call(ChatToolCall(question)) }

  package mutating func toolUse(name: String, input: JSONValue) { note(ToolNote.use(name: name, input: input)) }

  package mutating func toolFailure(_ reason: String) { note(ToolNote.failure(reason)) }

  private mutating func note(_ text: String) {
    answerThinking(ToolNote.escaped(text, startsLine: startsLine).span)
    startsLine = true
  }

  /// The whole of a structured answer.
  package mutating func structured(_ output: JSONValue) {
    var escaped = ByteBuffer()
    JSONText.appendEscaped(output.encoded, to: &escaped)
    text(escaped.span)
  }

  /// A call in one piece.
  package mutating func call(_ call: ChatToolCall) {
    functionCall(id: call.id, name: call.name)
    var escaped = ByteBuffer()
    JSONText.appendEscaped(call.arguments.utf8, to: &escaped)
    functionArguments(escaped.span)
  }
}
