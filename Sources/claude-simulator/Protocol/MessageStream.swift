import Bytes

/// One streamed message of the model: its blocks in order. Before a block stops, an `assistant` line repeats it whole.
final class MessageStream {
  let identity: MessageIdentity
  /// Text blocks have no stream events.
  let hidesText: Bool
  /// The pieces of the open text block so far.
  private(set) var pieces: [String] = []
  private(set) var isTextOpen = false
  private var block = 0
  private let writer: LineWriter

  init(_ writer: LineWriter, parent: String? = nil, hidesText: Bool = false) {
    self.writer = writer
    self.hidesText = hidesText
    identity = MessageIdentity(id: writer.ids.short("msg_"), parent: parent)
  }

  func start(afterMilliseconds elapsed: Int) {
    let message = LineWriter.message(id: identity.id, model: writer.conversation.model, content: [])
    var extra = JSONObject()
    extra["ttft_ms"] = JSONValue(elapsed)
    extra["thinking_display"] = "updates"
    writer.event(["message": .object(message), "type": "message_start"], identity, extra: extra)
  }

  func openText() {
    isTextOpen = true
    pieces = []
    if !hidesText { open(["type": "text", "text": ""]) }
  }

  func append(_ piece: AnswerPiece) {
    pieces.append(piece.text)
    if !hidesText { writer.textDelta(piece, block: block, identity) }
  }

  func closeText() {
    whole(LineWriter.textBlock(pieces.joined()))
    isTextOpen = false
    if hidesText { block += 1 } else { close() }
  }

  func open(_ content: JSONValue) {
    writer.event(
      ["index": JSONValue(block), "content_block": content, "type": "content_block_start"], identity)
  }

  func delta(_ delta: JSONValue) {
    writer.event(["index": JSONValue(block), "delta": delta, "type": "content_block_delta"], identity)
  }

  func whole(_ content: JSONValue, extra: JSONObject = JSONObject()) {
    writer.assistant(identity, content, extra: extra)
  }

  func close() {
    writer.event(["index": JSONValue(block), "type": "content_block_stop"], identity)
    block += 1
  }

  func end(_ stopReason: String?, outputTokens: Int) {
    let delta: JSONValue = ["stop_reason": JSONValue(stopReason), "stop_sequence": nil]
    let usage: JSONValue = ["output_tokens": JSONValue(outputTokens)]
    writer.event(["delta": delta, "usage": usage, "type": "message_delta"], identity)
  }

  func stop() { writer.event(["type": "message_stop"], identity) }

  /// Ends the message as after an upstream failure: it stops without `message_delta` and is void.
  func abandon() {
    if isTextOpen && !hidesText { close() }
    isTextOpen = false
    stopAbandoned(from: 0)
  }

  /// Ends the message as after an interrupt: an `assistant` line has the text so far.
  func abort(between interruption: () -> Void) {
    let wasTextOpen = isTextOpen
    if wasTextOpen, !pieces.isEmpty {
      var extra = JSONObject()
      extra["aborted"] = true
      whole(LineWriter.textBlock(pieces.joined()), extra: extra)
    }
    interruption()
    if wasTextOpen && !hidesText { close() }
    isTextOpen = false
    end(nil, outputTokens: pieces.count)
    stopAbandoned(from: block)
  }

  private func stopAbandoned(from block: Int) {
    var extra = JSONObject()
    extra["abandoned_blocks"] = ["api_message_id": .string(identity.id), "from_block_index": JSONValue(block)]
    writer.event(["type": "message_stop"], identity, extra: extra)
  }
}
