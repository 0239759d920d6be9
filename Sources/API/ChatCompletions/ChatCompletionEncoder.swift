package import Bytes
package import ClaudeCode
import HTTP
import Turns

/// Writes a run as `chat.completion.chunk` frames. Pure: recorded lines in, exact bytes out.
package struct ChatCompletionEncoder: RunEncoder {
  private var reader: AnswerReader
  private var chunks: ChatCompletionChunks
  private let form: AnswerForm
  private let isWholeTurn: Bool

  /// - Parameters:
  ///   - head: text the answer begins with, before the model's own.
  ///   - maximumCalls: how many calls one message may make.
  ///   - functions: the functions that the client has; nil for any.
  ///   - isWholeTurn: whether the answer begins with its turn; one that goes on after calls does not.
  init(
    _ identity: ChatCompletionIdentity, includesUsage: Bool, head: String = "", form: AnswerForm,
    maximumCalls: Int = .max, functions: Set<String>? = nil, stop: [String] = [], isWholeTurn: Bool = true
  ) {
    chunks = ChatCompletionChunks(identity, includesUsage: includesUsage, head: head, tellsText: form == .text)
    reader = AnswerReader(maximumCalls: maximumCalls, functions: functions, stop: form == .text ? stop : [])
    self.form = form
    self.isWholeTurn = isWholeTurn
  }

  /// For an answer of free text.
  package init(_ identity: ChatCompletionIdentity, includesUsage: Bool, head: String = "") {
    self.init(identity, includesUsage: includesUsage, head: head, form: .text)
  }

  package var hasContent: Bool { chunks.hasBegun }

  /// The answer so far, without the head, as the client will send it back.
  var message: ChatMessage {
    ChatMessage(
      role: .assistant, text: (try? JSONText.unescape(chunks.answer.span)) ?? "", calls: chunks.calls.map(\.call))
  }

  package mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    // The sink takes the output for the time of the call, so that bytes go from the line straight to their place.
    swap(&chunks.output, &output)
    defer { swap(&chunks.output, &output) }
    try reader.read(message, line, into: &chunks)
  }

  package mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {
    if let error = ClaudeError(result), error.kind != .maxTurns || !reader.hasText || form != .text { throw error }
    swap(&chunks.output, &output)
    defer { swap(&chunks.output, &output) }
    try reader.finish(result, into: &chunks)
    try closeForm(result)
    guard chunks.hasBegun || result.turns > 0 else {
      throw ClaudeError(.empty, "Claude Code answered with nothing", reachedCLI: true)
    }
    let usage = (isWholeTurn ? result.usage : reader.usage).chatCompletionUsage(cost: result.totalCost)
    chunks.finish(reason: finishReason(result), usage: usage)
  }

  private mutating func closeForm(_ result: TurnResult) throws(ClaudeError) {
    guard form != .text else { return }
    guard let output = result.structuredOutput else { throw .unstructured }
    if let call = form.call(output) { chunks.call(call) } else { chunks.structured(output) }
  }

  private func finishReason(_ result: TurnResult) -> String {
    chunks.calls.isEmpty ? result.finishReason(last: reader.stopReason) : "tool_calls"
  }

  package var isSatisfied: Bool { reader.isStopped }

  package mutating func closeEarly(to output: inout ByteBuffer) {
    swap(&chunks.output, &output)
    defer { swap(&chunks.output, &output) }
    chunks.finish(reason: "stop", usage: reader.usage.chatCompletionUsage(cost: nil))
  }

  package mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {
    swap(&chunks.output, &output)
    defer { swap(&chunks.output, &output) }
    chunks.call(ChatToolCall(question))
  }

  package mutating func closeParked(to output: inout ByteBuffer) {
    swap(&chunks.output, &output)
    defer { swap(&chunks.output, &output) }
    // What it has cost is known when the turn has ended.
    chunks.finish(reason: "tool_calls", usage: reader.usage.chatCompletionUsage(cost: nil))
  }

  package mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {
    ServerSentEvent.data(HTTPErrorBody.encoded(error).span, to: &output)
    output.append(ServerSentEvent.done)
  }
}

extension ClaudeError {
  /// An answer that was to follow a schema and does not.
  static let unstructured = ClaudeError(
    .failed, "Claude Code gave no answer of the form that was asked for", reachedCLI: true)
}
