import Bytes
import ClaudeCode
import HTTP
import Turns

/// An agent's events: the CLI's lines as data frames, unchanged; permission requests and inputs as named events;
/// `complete` at the end.
struct AgentStreamEncoder: RunEncoder {
  private let includesPartialMessages: Bool
  private let sessionID: String?
  /// Whether frames carry their entry's number, to resume from.
  private let hasNumbers: Bool
  /// The number of the last entry.
  private var number: Int
  private(set) var hasContent: Bool

  /// - Parameters:
  ///   - hasNumbers: whether frames have an `id`. The clients of `/agent/stream` do not expect one.
  ///   - number: of the last entry that the client has.
  init(includesPartialMessages: Bool, sessionID: String?, hasNumbers: Bool, after number: Int = 0) {
    self.includesPartialMessages = includesPartialMessages
    self.sessionID = sessionID
    self.hasNumbers = hasNumbers
    self.number = number
    // A client that follows an agent gets its end, whatever it is.
    hasContent = hasNumbers
  }

  mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    number += 1
    if message.kind == .streamEvent, !includesPartialMessages { return }
    hasContent = true
    appendNumber(to: &output)
    ServerSentEvent.data(line, to: &output)
  }

  mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {
    named("approval", question.agentJSON.encoded.span, to: &output)
  }

  mutating func encode(input: Span<UInt8>, to output: inout ByteBuffer) { named("input", input, to: &output) }

  private mutating func named(_ name: String, _ document: Span<UInt8>, to output: inout ByteBuffer) {
    number += 1
    hasContent = true
    output.append("event: \(name)\n")
    appendNumber(to: &output)
    ServerSentEvent.data(document, to: &output)
  }

  private func appendNumber(to output: inout ByteBuffer) {
    guard hasNumbers else { return }
    output.append("id: ")
    output.append(decimal: number)
    output.append("\n")
  }

  mutating func closeParked(to output: inout ByteBuffer) { complete(&output) }

  mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) { complete(&output) }

  mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {
    ServerSentEvent.data(ClaudeStreamEncoder.line(error, sessionID: sessionID).span, to: &output)
    complete(&output)
  }

  private func complete(_ output: inout ByteBuffer) { output.append("event: complete\ndata: {}\n\n") }
}
