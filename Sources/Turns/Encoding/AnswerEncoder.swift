package import Bytes
package import ClaudeCode

/// Encodes a run as the answer of one dialect. It has what all dialects have in common; the dialect is its writer.
/// Recorded lines in, exact bytes out.
package struct AnswerEncoder<Writer: AnswerWriter>: RunEncoder {
  package private(set) var writer: Writer
  private var reader: AnswerReader
  private let form: AnswerForm
  private let isWholeTurn: Bool

  package init(_ writer: Writer, _ plan: AnswerPlan) {
    self.writer = writer
    reader = AnswerReader(calls: plan.calls, stop: plan.form == .text ? plan.stop : [])
    form = plan.form
    isWholeTurn = plan.isWholeTurn
  }

  package var hasContent: Bool { writer.hasContent }
  package var isSatisfied: Bool { reader.isStopped }

  package mutating func open(to output: inout ByteBuffer) {
    writer.exchange(&output)
    defer { writer.exchange(&output) }
    writer.open()
  }

  package mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    writer.exchange(&output)
    defer { writer.exchange(&output) }
    if !writer.hasBegun { writer.prepare(reader.usage) }
    try reader.read(message, line, into: &writer)
  }

  package mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {
    writer.exchange(&output)
    defer { writer.exchange(&output) }
    writer.ask(question)
  }

  package mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {
    if let error = ClaudeError(result), !isCut(by: error) { throw error }
    writer.exchange(&output)
    defer { writer.exchange(&output) }
    try reader.finish(result, into: &writer)
    if !result.isError { try writeForm(result) }
    guard !writer.isEmpty || result.turns > 0 else {
      throw ClaudeError(.empty, "Claude Code gave no answer", reachedCLI: true)
    }
    finish(.result(result), isWholeTurn ? result.usage : reader.usage)
  }

  /// Whether the error means an answer that was cut short: a limit of output tokens does, and a limit of turns if there
  /// is some text.
  private func isCut(by error: ClaudeError) -> Bool {
    error.kind == .outputLimit || error.kind == .maxTurns && reader.hasText && form == .text
  }

  /// A structured answer comes with the result.
  private mutating func writeForm(_ result: TurnResult) throws(ClaudeError) {
    guard form != .text else { return }
    guard let output = result.structuredOutput else { throw .unstructured }
    if let call = form.call(output) { writer.call(call) } else { writer.structured(form.restored(output)) }
  }

  package mutating func closeParked(to output: inout ByteBuffer) {
    writer.exchange(&output)
    defer { writer.exchange(&output) }
    finish(.calls, reader.usage)
  }

  package mutating func closeEarly(to output: inout ByteBuffer) {
    writer.exchange(&output)
    defer { writer.exchange(&output) }
    finish(.stopped(at: reader.stopSequence ?? ""), reader.usage)
  }

  private mutating func finish(_ reason: AnswerEnding.Reason, _ usage: TokenUsage) {
    writer.finish(
      AnswerEnding(reason: reason, hasCalls: reader.hasCalls, lastStopReason: reader.stopReason, usage: usage))
  }

  package mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {
    writer.exchange(&output)
    defer { writer.exchange(&output) }
    writer.fail(error, usage: reader.usage)
  }
}

extension ClaudeError {
  /// An answer that does not have the form that the request asked for.
  package static let unstructured = ClaudeError(
    .failed, "Claude Code gave no answer of the requested form", reachedCLI: true)
}
