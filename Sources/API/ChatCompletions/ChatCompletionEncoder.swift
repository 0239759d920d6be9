package import Bytes
package import ClaudeCode
import HTTP

/// Writes a run as `chat.completion.chunk` frames. Pure: recorded lines in, exact bytes out.
package struct ChatCompletionEncoder: RunEncoder {
  private var reader = AnswerReader()
  private var chunks: ChatCompletionChunks

  /// - Parameters:
  ///   - head: text the answer begins with, before the model's own.
  package init(_ identity: ChatCompletionIdentity, includesUsage: Bool, head: String = "") {
    chunks = ChatCompletionChunks(identity, includesUsage: includesUsage, head: head)
  }

  package var hasContent: Bool { chunks.hasBegun }

  /// The answer's text so far, without the head.
  var answer: String { (try? JSONText.unescape(chunks.answer.span)) ?? "" }

  package mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    // The sink takes the output for the time of the call, so that bytes go from the line straight to their place.
    swap(&chunks.output, &output)
    defer { swap(&chunks.output, &output) }
    try reader.read(message, line, into: &chunks)
  }

  package mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {
    if let error = ClaudeError(result), error.kind != .maxTurns || !reader.hasText { throw error }
    swap(&chunks.output, &output)
    defer { swap(&chunks.output, &output) }
    try reader.finish(result, into: &chunks)
    guard chunks.hasBegun || result.turns > 0 else {
      throw ClaudeError(.empty, "Claude Code answered with nothing", reachedCLI: true)
    }
    chunks.finish(reason: result.finishReason(last: reader.stopReason), usage: result.chatCompletionUsage)
  }

  package mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {
    ServerSentEvent.data(HTTPErrorBody.encoded(error).span, to: &output)
    output.append(ServerSentEvent.done)
  }
}

/// The chunks of one completion. Text is spliced into a prebuilt frame as it came from the CLI: the same escapes are
/// valid in both.
private struct ChatCompletionChunks: AnswerSink {
  var output = ByteBuffer()
  private(set) var hasBegun = false
  private(set) var answer: [UInt8] = []
  /// Whether thinking that comes now begins a line.
  private var startsLine = true
  private let head: String
  private let includesUsage: Bool
  private let beforeContent: [UInt8]
  private let beforeThinking: [UInt8]
  private let afterDelta: [UInt8]
  private let beforeDelta: [UInt8]
  private let frame: [UInt8]

  init(_ identity: ChatCompletionIdentity, includesUsage: Bool, head: String) {
    self.head = head
    self.includesUsage = includesUsage
    var frame = ByteBuffer()
    ServerSentEvent.beginData(&frame)
    frame.append(identity.begin(object: "chat.completion.chunk"))
    self.frame = frame.bytes
    beforeDelta = self.frame + Array(",\"choices\":[{\"index\":0,\"delta\":".utf8)
    beforeContent = beforeDelta + Array("{\"content\":\"".utf8)
    beforeThinking = beforeDelta + Array("{\"reasoning_content\":\"".utf8)
    let usage = includesUsage ? ",\"usage\":null" : ""
    afterDelta = Array("\"},\"logprobs\":null,\"finish_reason\":null}]\(usage)}\n\n".utf8)
  }

  mutating func answerText(_ escaped: Span<UInt8>) {
    begin()
    output.append(beforeContent)
    output.append(escaped)
    output.append(afterDelta)
    unsafe escaped.withUnsafeBufferPointer { unsafe answer.append(contentsOf: $0) }
  }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    begin()
    startsLine = false
    output.append(beforeThinking)
    output.append(escaped)
    output.append(afterDelta)
  }

  mutating func toolUse(name: String, input: JSONValue) { note(ToolNote.use(name: name, input: input)) }

  mutating func toolFailure(_ reason: String) { note(ToolNote.failure(reason)) }

  private mutating func note(_ text: String) {
    answerThinking(ToolNote.escaped(text, startsLine: startsLine).span)
    startsLine = true
  }

  /// The role, once, before anything else; then the head, if there is one.
  private mutating func begin() {
    guard !hasBegun else { return }
    hasBegun = true
    output.append(beforeDelta)
    output.append("{\"role\":\"assistant\",\"content\":\"")
    output.append(afterDelta)
    guard !head.isEmpty else { return }
    output.append(beforeContent)
    JSONText.appendEscaped(head.utf8, to: &output)
    output.append(afterDelta)
  }

  mutating func finish(reason: String, usage: JSONValue) {
    begin()
    output.append(beforeDelta)
    output.append("{},\"logprobs\":null,\"finish_reason\":\"\(reason)\"}]")
    if includesUsage { output.append(",\"usage\":null") }
    output.append("}\n\n")
    if includesUsage {
      output.append(frame)
      output.append(",\"choices\":[],\"usage\":")
      usage.write(to: &output)
      output.append("}\n\n")
    }
    output.append(ServerSentEvent.done)
  }
}
