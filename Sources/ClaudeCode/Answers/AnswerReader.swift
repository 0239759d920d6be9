import Bytes

/// Reads the answer out of a run's lines, each piece exactly once, whatever happens upstream:
///
/// - Text that comes twice, as deltas and then whole, is emitted once; what only the whole block has is added.
/// - A message that is cut and sent again continues where it broke off, or ends in an error if it differs.
/// - The output of subagents and of the CLI itself is left out.
///
/// A value without input or output of its own: lines in, calls to a sink out. It is one state machine over one set of
/// variables, which is why it stays in one file of more than 300 lines.
public struct AnswerReader: Sendable {
  /// The upstream message that is being read.
  private struct Message {
    let id: String
    /// Closed by a `message_delta`, or never streamed. Any other message is void: it will be sent again.
    var isComplete: Bool
    /// The text emitted for all its blocks, decoded: the second time the same text may be escaped differently.
    var text: [UInt8] = []
    var thinking: [UInt8] = []
    var block: Block?

    mutating func open(isThinking: Bool, isConfirmed: Bool = false) {
      block = Block(
        isThinking: isThinking, start: isThinking ? thinking.count : text.count, isConfirmed: isConfirmed)
    }

    /// The text emitted for the open block.
    func emitted(of block: Block) -> ArraySlice<UInt8> { (block.isThinking ? thinking : text)[block.start...] }
  }

  private struct Block {
    let isThinking: Bool
    /// The block's beginning in the message's text or thinking.
    let start: Int
    /// Whether its `assistant` line has come.
    var isConfirmed = false
  }

  private var message: Message?
  /// The decoded text of a void message that its successor has to repeat.
  private var replay: [UInt8] = []
  private var textJoiner = SurrogateJoiner()
  private var thinkingJoiner = SurrogateJoiner()
  private var needsSeparator = false
  private var emittedToolUses: Set<String> = []
  private var calls: FunctionCallReader
  private var stop: StopFilter
  private var ledger = UsageLedger()

  /// Whether any text was emitted.
  public private(set) var hasText = false
  /// Why the last complete message stopped.
  public private(set) var stopReason: String?
  public private(set) var model: String?

  /// - Parameters:
  ///   - calls: which of the model's calls are the client's.
  ///   - stop: sequences before the first of which the text ends.
  public init(calls: CallSelection = CallSelection(), stop: [String] = []) {
    self.calls = FunctionCallReader(calls)
    self.stop = StopFilter(stop)
  }

  /// Whether the text has ended at a stop sequence: nothing more will be emitted.
  public var isStopped: Bool { stop.isStopped }

  /// The stop sequence at which the text ended.
  public var stopSequence: String? { stop.found }

  /// Whether any call of the client's functions was emitted.
  public var hasCalls: Bool { calls.hasCalls }

  /// What the upstream has counted so far for the messages of this answer.
  public var usage: TokenUsage { ledger.total }

  /// Takes the run's next line.
  ///
  /// - Throws: `ClaudeError` of kind `diverged`; the answer cannot be completed.
  public mutating func read(
    _ message: StreamMessage, _ line: Span<UInt8>, into sink: inout some AnswerSink
  ) throws(ClaudeError) {
    guard !message.isFromSubagent, !stop.isStopped else { return }
    switch message.kind {
    case .streamEvent:
      guard let event = message.upstreamEvent else { return }
      try read(event, line, &sink)
    case .assistant:
      guard let range = message.message, let value = try? JSONValue(parsing: line.extracting(range)) else { return }
      try readWhole(value, &sink)
    case .user:
      if let range = message.message { readToolResults(line.extracting(range), &sink) }
    case .result, .system, .controlRequest, .controlResponse, .controlCancelRequest, .transcriptMirror, .other:
      break
    }
  }

  /// The run has its result: emits what only the result has.
  ///
  /// - Throws: `diverged` when text was emitted that the answer does not have.
  public mutating func finish(_ result: TurnResult, into sink: inout some AnswerSink) throws(ClaudeError) {
    guard !stop.isStopped else { return }
    closeBlock(&sink)
    defer { releaseHeld(&sink) }
    // The text of an error is not the model's.
    guard !result.isError else { return }
    // The message was cut and never sent again: the result must agree with what was emitted.
    if let message, !message.isComplete, let block = message.block, !block.isThinking, !block.isConfirmed {
      try confirm(result.text, isThinking: false, &sink)
    }
    guard replay.isEmpty else { throw AnswerReader.diverged }
    guard !hasText, !calls.hasCalls, !result.text.isEmpty else { return }
    var escaped = ByteBuffer()
    JSONText.appendEscaped(result.text.utf8, to: &escaped)
    emit(escaped.span, &sink)
  }

  private static let diverged = ClaudeError(
    .diverged, "The upstream cut its answer and then gave a different one", reachedCLI: true)

  // MARK: Events

  private mutating func read(
    _ event: UpstreamEvent, _ line: Span<UInt8>, _ sink: inout some AnswerSink
  ) throws(ClaudeError) {
    switch event.kind {
    case .blockDelta:
      guard let range = event.deltaText, message != nil else { return }
      if event.deltaKind == .input { return calls.piece(line.extracting(range), &sink) }
      try relay(line.extracting(range), isThinking: event.deltaKind == .thinking, &sink)
    case .messageStart:
      guard let range = event.message, let value = try? JSONValue(parsing: line.extracting(range)) else { return }
      try begin(value["id"]?.string ?? "", model: value["model"]?.string, isStreamed: true, &sink)
      ledger.setMessage(TokenUsage(value["usage"] ?? .null))
    case .blockStart:
      closeBlock(&sink)
      guard let range = event.contentBlock, let value = try? JSONValue(parsing: line.extracting(range)) else { return }
      switch value["type"]?.string {
      case "text": message?.open(isThinking: false)
      case "thinking": message?.open(isThinking: true)
      case "tool_use":
        message?.block = nil
        // The text before a call has ended; it must not come after the call.
        releaseHeld(&sink)
        calls.begin(value, &sink)
      default: message?.block = nil
      }
    case .messageDelta:
      if let range = event.usage { ledger.update(line.extracting(range)) }
      guard let range = event.stopReason else { return }
      closeBlock(&sink)
      complete(stopReason: line.text(in: range), &sink)
    case .messageStop:
      // A message that is cut after a complete call is not sent again: the CLI continues with that call alone
      // (2.1.329).
      if message?.isComplete == false, calls.hasCallsInMessage { throw AnswerReader.diverged }
    case .blockStop, .other:
      // A block stays open until the next event, and a message without a delta stays void: either may still be
      // completed.
      break
    }
  }

  private mutating func begin(
    _ id: String, model: String?, isStreamed: Bool, _ sink: inout some AnswerSink
  ) throws(ClaudeError) {
    if let message, !message.isComplete {
      // A call cannot be taken back, and its successor has another id.
      if calls.hasCallsInMessage { throw AnswerReader.diverged }
      // The message is void. What was emitted of it is skipped in its successor: its own text, and what it still had to
      // repeat of its predecessor.
      replay = message.text + replay
      if !message.thinking.isEmpty { breakThinking(&sink) }
    }
    textJoiner.reset()
    thinkingJoiner.reset()
    calls.beginMessage()
    ledger.beginMessage()
    message = Message(id: id, isComplete: !isStreamed)
    if let model { self.model = model }
  }

  private mutating func complete(stopReason: String, _ sink: inout some AnswerSink) {
    message?.isComplete = true
    self.stopReason = stopReason
    if stopReason == "tool_use" { releaseHeld(&sink) }
    if stopReason == "tool_use" && hasText { needsSeparator = true }
  }

  private mutating func releaseHeld(_ sink: inout some AnswerSink) {
    let held = stop.finish()
    if !held.isEmpty { sink.answerText(held.span) }
  }

  private mutating func closeBlock(_ sink: inout some AnswerSink) {
    calls.end(&sink)
    guard message?.block != nil else { return }
    let half = textJoiner.finish()
    if !half.isEmpty { emit(half.span, &sink) }
    thinkingJoiner.reset()
  }

  // MARK: Emitting

  private mutating func relay(
    _ raw: Span<UInt8>, isThinking: Bool, _ sink: inout some AnswerSink
  ) throws(ClaudeError) {
    let mended = isThinking ? thinkingJoiner.mend(raw) : textJoiner.mend(raw)
    if let mended {
      try pass(mended.span, isThinking: isThinking, &sink)
    } else if UTF8Validity.isValid(raw) {
      try pass(raw, isThinking: isThinking, &sink)
    } else {
      try pass(Array(raw.text(in: 0..<raw.count).utf8).span, isThinking: isThinking, &sink)
    }
  }

  private mutating func pass(
    _ piece: Span<UInt8>, isThinking: Bool, _ sink: inout some AnswerSink
  ) throws(ClaudeError) {
    guard !piece.isEmpty else { return }
    AnswerReader.append(piece, to: &message, isThinking: isThinking)
    if isThinking {
      sink.answerThinking(piece)
    } else if replay.isEmpty {
      emit(piece, &sink)
    } else {
      try skipReplayed(piece, &sink)
    }
  }

  // Static, because a method would copy this value, and each of its arrays with the first change.
  private static func append(_ piece: Span<UInt8>, to message: inout Message?, isThinking: Bool) {
    guard !contains(Ascii.backslash, piece) else {
      return append(decoded(piece).span, toDecoded: &message, isThinking: isThinking)
    }
    append(piece, toDecoded: &message, isThinking: isThinking)
  }

  private static func append(_ piece: Span<UInt8>, toDecoded message: inout Message?, isThinking: Bool) {
    unsafe piece.withUnsafeBufferPointer { pointer in
      if isThinking {
        unsafe message?.thinking.append(contentsOf: pointer)
      } else {
        unsafe message?.text.append(contentsOf: pointer)
      }
    }
  }

  private static func contains(_ byte: UInt8, _ piece: Span<UInt8>) -> Bool {
    for index in piece.indices where piece[index] == byte { return true }
    return false
  }

  private static func decoded(_ escaped: Span<UInt8>) -> [UInt8] {
    Array(((try? JSONText.unescape(escaped)) ?? "").utf8)
  }

  private mutating func emit(_ piece: Span<UInt8>, _ sink: inout some AnswerSink) {
    if needsSeparator {
      needsSeparator = false
      sink.answerText(AnswerReader.separator.span)
    }
    hasText = true
    guard !stop.isEmpty else { return sink.answerText(piece) }
    let certain = stop.push(piece)
    if !certain.isEmpty { sink.answerText(certain.span) }
  }

  /// Between the text before and after the use of a tool.
  private static let separator = Array("\\n\\n".utf8)

  private mutating func skipReplayed(_ piece: Span<UInt8>, _ sink: inout some AnswerSink) throws(ClaudeError) {
    let said = AnswerReader.decoded(piece)
    let length = min(said.count, replay.count)
    guard said.prefix(length) == replay.prefix(length) else { throw AnswerReader.diverged }
    replay.removeFirst(length)
    guard length < said.count else { return }
    var rest = ByteBuffer()
    JSONText.appendEscaped(said[length...], to: &rest)
    emit(rest.span, &sink)
  }

  private func breakThinking(_ sink: inout some AnswerSink) {
    sink.answerThinking(AnswerReader.lineEnd.span)
  }

  private static let lineEnd = Array("\\n".utf8)

  // MARK: Whole messages

  /// An `assistant` line: one complete block or several.
  private mutating func readWhole(_ value: JSONValue, _ sink: inout some AnswerSink) throws(ClaudeError) {
    // The CLI's own words in the model's place, such as reports of upstream failures, are not part of the answer.
    guard value["model"]?.string != "<synthetic>" else { return }
    let id = value["id"]?.string ?? ""
    if message?.id != id {
      try begin(id, model: value["model"]?.string, isStreamed: false, &sink)
      ledger.setMessage(TokenUsage(value["usage"] ?? .null))
    }
    var usesTool = false
    for block in value["content"]?.array ?? [] {
      switch block["type"]?.string {
      case "text": try confirm(block["text"]?.string ?? "", isThinking: false, &sink)
      case "thinking": try confirm(block["thinking"]?.string ?? "", isThinking: true, &sink)
      case "tool_use":
        usesTool = true
        releaseHeld(&sink)
        emitToolUse(block, &sink)
      default: break
      }
    }
    if let reason = value["stop_reason"]?.string { complete(stopReason: reason, &sink) }
    // A message that is not streamed has no `message_delta`.
    if message?.isComplete == true, usesTool, hasText { needsSeparator = true }
  }

  /// Compares a complete block with what was emitted of it, and emits the rest.
  ///
  /// - Throws: `diverged` if the texts differ. Thinking may differ: the complete block can be a summary.
  private mutating func confirm(
    _ whole: String, isThinking: Bool, _ sink: inout some AnswerSink
  ) throws(ClaudeError) {
    var emitted: ArraySlice<UInt8> = []
    if let message, let block = message.block, block.isThinking == isThinking, !block.isConfirmed {
      self.message?.block?.isConfirmed = true
      emitted = message.emitted(of: block)
    } else {
      message?.open(isThinking: isThinking, isConfirmed: true)
    }
    if isThinking { thinkingJoiner.reset() } else { textJoiner.reset() }
    let common = min(emitted.count, whole.utf8.count)
    guard emitted.prefix(common).elementsEqual(whole.utf8.prefix(common)) else {
      if isThinking { return }
      throw AnswerReader.diverged
    }
    guard common < whole.utf8.count else { return }
    var rest = ByteBuffer()
    JSONText.appendEscaped(whole.utf8.dropFirst(common), to: &rest)
    try pass(rest.span, isThinking: isThinking, &sink)
  }

  private mutating func emitToolUse(_ block: JSONValue, _ sink: inout some AnswerSink) {
    let name = block["name"]?.string ?? "tool"
    guard FunctionDeclaration.function(of: name) == nil else { return calls.whole(block, &sink) }
    // The CLI implements structured answers with this tool.
    guard name != "StructuredOutput" else { return }
    guard emittedToolUses.insert(block["id"]?.string ?? "").inserted else { return }
    sink.toolUse(name: name, input: block["input"] ?? .null)
  }

  private func readToolResults(_ message: Span<UInt8>, _ sink: inout some AnswerSink) {
    guard let blocks = (try? JSONValue(parsing: message))?["content"]?.array else { return }
    for block in blocks where block["type"]?.string == "tool_result" && block["is_error"]?.bool == true {
      let said = block["content"]?.string ?? block["content"]?.array?.compactMap { $0["text"]?.string }.first ?? ""
      sink.toolFailure(said.split(whereSeparator: \.isNewline).first.map(String.init) ?? "failed")
    }
  }
}
