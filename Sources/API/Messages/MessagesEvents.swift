import Bytes
import ClaudeCode
import HTTP
import HTTPServer
import Turns

/// The events of one message, and the message itself. Text is spliced into a prebuilt frame as it came from the CLI: the
/// same escapes are valid in both.
struct MessagesEvents: DocumentWriter {
  private var output = ByteBuffer()
  /// The upstream's counts so far: a message begins with them.
  private var usage = TokenUsage()
  private(set) var hasBegun = false
  private var blocks: [MessagesBlock] = []
  private var stop: MessagesStop?
  private let identity: MessagesIdentity
  private let head: String
  /// Whether the model's text is the answer: a structured answer comes with the result.
  private let includesText: Bool
  private let includesThinking: Bool
  /// The kind of the open block; nil between blocks.
  private var open: MessagesBlock.Kind?
  /// The bytes before each piece of the open block.
  private var beforePiece: [UInt8] = []
  /// Whether thinking that comes now begins a line.
  var startsLine = true

  private static let afterPiece = Array("\"}}\n\n".utf8)
  private static let ping = Array("event: ping\ndata: {\"type\":\"ping\"}\n\n".utf8)

  init(_ identity: MessagesIdentity, includesThinking: Bool, _ plan: AnswerPlan) {
    self.identity = identity
    self.includesThinking = includesThinking
    head = plan.head
    includesText = plan.form == .text
  }

  mutating func exchange(_ other: inout ByteBuffer) { swap(&output, &other) }

  mutating func prepare(_ usage: TokenUsage) { self.usage = usage }

  // MARK: Pieces

  mutating func answerText(_ escaped: Span<UInt8>) {
    guard includesText else { return }
    text(escaped)
  }

  mutating func text(_ escaped: Span<UInt8>) {
    enter(.text)
    append(escaped)
  }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    guard includesThinking else { return }
    enter(.thinking)
    startsLine = false
    append(escaped)
  }

  mutating func functionCall(id: String, name: String) {
    begin()
    begin(.call(id: id, name: name))
  }

  mutating func functionArguments(_ escaped: Span<UInt8>) {
    guard case .call = open else { return }
    append(escaped)
  }

  private mutating func append(_ escaped: Span<UInt8>) {
    output.append(beforePiece)
    output.append(escaped)
    output.append(MessagesEvents.afterPiece)
    unsafe escaped.withUnsafeBufferPointer { unsafe blocks[blocks.count - 1].inside.append(contentsOf: $0) }
  }

  // MARK: Blocks

  private mutating func enter(_ kind: MessagesBlock.Kind) {
    guard open != kind else { return }
    begin()
    begin(kind)
  }

  private mutating func begin(_ kind: MessagesBlock.Kind) {
    endBlock()
    event("content_block_start")
    output.append(",\"index\":")
    output.append(decimal: blocks.count)
    output.append(",\"content_block\":")
    kind.beginning.write(to: &output)
    output.append("}\n\n")
    beforePiece = MessagesEvents.beforePiece(kind, blocks.count)
    blocks.append(MessagesBlock(kind))
    open = kind
    startsLine = true
  }

  private static func beforePiece(_ kind: MessagesBlock.Kind, _ index: Int) -> [UInt8] {
    var frame = ByteBuffer()
    ServerSentEvent.begin("content_block_delta", &frame)
    frame.append("{\"type\":\"content_block_delta\",\"index\":")
    frame.append(decimal: index)
    frame.append(",\"delta\":{\"type\":\"\(kind.delta.type)\",\"\(kind.delta.member)\":\"")
    return frame.bytes
  }

  private mutating func endBlock() {
    guard open != nil else { return }
    open = nil
    event("content_block_stop")
    output.append(",\"index\":")
    output.append(decimal: blocks.count - 1)
    output.append("}\n\n")
  }

  // MARK: The message

  /// The beginning of the message, once, before anything else; then the head, if there is one.
  private mutating func begin() {
    guard !hasBegun else { return }
    hasBegun = true
    event("message_start")
    output.append(",\"message\":")
    output.append(identity.begin)
    output.append("[]")
    MessagesEvents.end(nil, usage, to: &output)
    output.append("}\n\n")
    output.append(MessagesEvents.ping)
    guard !head.isEmpty else { return }
    begin(.text)
    var escaped = ByteBuffer()
    JSONText.appendEscaped(head.utf8, to: &escaped)
    append(escaped.span)
    endBlock()
  }

  mutating func finish(_ ending: AnswerEnding) {
    switch ending.reason {
    case .result(let result):
      finish(hasCalls ? .toolUse : .end(result, last: ending.lastStopReason), usage: ending.usage)
    case .calls: finish(.toolUse, usage: ending.usage)
    case .stopped(let sequence): finish(.sequence(sequence), usage: ending.usage)
    }
  }

  mutating func fail(_ error: ClaudeError, usage: TokenUsage) {
    ServerSentEvent.begin("error", &output)
    HTTPError(error).anthropicBody(requestID: nil).write(to: &output)
    ServerSentEvent.end(&output)
  }

  private mutating func finish(_ stop: MessagesStop, usage: TokenUsage) {
    begin()
    endBlock()
    event("message_delta")
    output.append(",\"delta\":{")
    MessagesEvents.write(stop, to: &output)
    output.append("},\"usage\":")
    usage.messagesUsage.write(to: &output)
    output.append("}\n\n")
    event("message_stop")
    output.append("}\n\n")
    self.stop = stop
    self.usage = usage
  }

  /// The blocks of the answer, without the head.
  private var answer: ArraySlice<MessagesBlock> { blocks.dropFirst(hasBegun && !head.isEmpty ? 1 : 0) }

  private var hasCalls: Bool { blocks.contains { $0.kind.isCall } }

  /// The answer so far, without the head, as the client will send it back.
  var message: ChatMessage {
    let text = answer.filter(\.kind.isText).reduce(into: []) { $0 += $1.inside }
    return ChatMessage(
      role: .assistant, text: (try? JSONText.unescape(text.span)) ?? "", calls: answer.compactMap(\.call))
  }

  /// The whole message.
  var document: [UInt8] {
    var document = identity.begin
    document.append(Ascii.openBracket)
    for (index, block) in blocks.enumerated() {
      if index > 0 { document.append(Ascii.comma) }
      block.write(to: &document)
    }
    document.append(Ascii.closeBracket)
    MessagesEvents.end(stop, usage, to: &document)
    document.append(Ascii.lineFeed)
    return document.bytes
  }

  private static func end(_ stop: MessagesStop?, _ usage: TokenUsage, to output: inout ByteBuffer) {
    output.append(Ascii.comma)
    write(stop, to: &output)
    output.append(",\"usage\":")
    usage.messagesUsage.write(to: &output)
    output.append(Ascii.closeBrace)
  }

  private static func write(_ stop: MessagesStop?, to output: inout ByteBuffer) {
    output.append("\"stop_reason\":")
    JSONValue(stop?.reason).write(to: &output)
    output.append(",\"stop_sequence\":")
    JSONValue(stop?.sequence).write(to: &output)
  }

  /// Opens an event and its document.
  private mutating func event(_ type: String) {
    ServerSentEvent.begin(type, &output)
    output.append("{\"type\":\"\(type)\"")
  }
}

/// Encodes a run as one of Anthropic's messages, streamed or whole.
typealias MessagesEncoder = AnswerEncoder<MessagesEvents>

extension MessagesEncoder {
  init(_ identity: MessagesIdentity, includesThinking: Bool, _ plan: AnswerPlan = AnswerPlan()) {
    self.init(MessagesEvents(identity, includesThinking: includesThinking, plan), plan)
  }
}
