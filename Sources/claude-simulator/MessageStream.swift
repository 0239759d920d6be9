import Bytes

/// One message of the model on its way: blocks one after another, each whole in an `assistant` line before it stops.
final class MessageStream {
  let identity: MessageIdentity
  /// Text blocks leave no stream events.
  let hidesText: Bool
  /// The text of the open block so far.
  private(set) var spoken: [String] = []
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
    spoken = []
    if !hidesText { open(["type": "text", "text": ""]) }
  }

  func say(_ piece: AnswerPiece) {
    spoken.append(piece.text)
    if !hidesText { writer.textDelta(piece, block: block, identity) }
  }

  func closeText() {
    whole(LineWriter.textBlock(spoken.joined()))
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

  /// The upstream broke off: the message stops without its `message_delta` and is void.
  func abandon() {
    if isTextOpen && !hidesText { close() }
    isTextOpen = false
    stopAbandoned(from: 0)
  }

  /// The user broke off: what has been said stands in an `assistant` line.
  func abort(between interruption: () -> Void) {
    let wasTextOpen = isTextOpen
    if wasTextOpen, !spoken.isEmpty {
      var extra = JSONObject()
      extra["aborted"] = true
      whole(LineWriter.textBlock(spoken.joined()), extra: extra)
    }
    interruption()
    if wasTextOpen && !hidesText { close() }
    isTextOpen = false
    end(nil, outputTokens: spoken.count)
    stopAbandoned(from: block)
  }

  private func stopAbandoned(from block: Int) {
    var extra = JSONObject()
    extra["abandoned_blocks"] = ["api_message_id": .string(identity.id), "from_block_index": JSONValue(block)]
    writer.event(["type": "message_stop"], identity, extra: extra)
  }
}
