import Bytes

/// A message of the API: an answer with its id and its model.
struct StubMessage {
  let id: String
  let model: String
  let answer: StubAnswer
  /// The stop sequence, if the stop_reason is `stop_sequence`.
  let stopSequence: String?
}

/// The message as one JSON document.
extension StubMessage {
  var document: [UInt8] {
    var output = ByteBuffer()
    output.append("{\"id\":\"\(id)\",\"type\":\"message\",\"role\":\"assistant\",\"model\":")
    JSONText.append(model, to: &output)
    output.append(",\"content\":[")
    for (index, block) in answer.blocks.enumerated() {
      if index > 0 { output.append(Ascii.comma) }
      block.write(to: &output)
    }
    output.append("],\"stop_reason\":")
    JSONText.append(answer.stopReason, to: &output)
    output.append(",\"stop_sequence\":")
    JSONValue(stopSequence).write(to: &output)
    output.append(",\"usage\":")
    answer.usage.json().write(to: &output)
    output.append("}\n")
    return output.bytes
  }
}

/// The message as server-sent events.
extension StubMessage {
  func write(_ step: MessageStep, to output: inout ByteBuffer) {
    switch step {
    case .messageStart: write(["type": "message_start", "message": head], to: &output)
    case .ping: write(["type": "ping"], to: &output)
    case .blockStart(let index):
      write(
        [
          "type": "content_block_start", "index": JSONValue(index), "content_block": answer.blocks[index].emptyJSON,
        ], to: &output)
    case .delta(let block, let index): write(answer.blocks[block].deltas[index], block: block, to: &output)
    case .blockStop(let index): write(["type": "content_block_stop", "index": JSONValue(index)], to: &output)
    case .messageDelta:
      write(["type": "message_delta", "delta": ending, "usage": answer.usage.json()], to: &output)
    case .messageStop: write(["type": "message_stop"], to: &output)
    }
  }

  /// Writes an event under the name of its type.
  func write(_ event: JSONValue, to output: inout ByteBuffer) {
    output.append("event: \(event["type"]?.string ?? "")\ndata: ")
    event.write(to: &output)
    output.append("\n\n")
  }

  // Written without a JSONValue: there are many deltas, and half a surrogate pair is not a JSONValue.
  private func write(_ delta: Delta, block: Int, to output: inout ByteBuffer) {
    let names = delta.kind.names
    output.append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":")
    output.append(decimal: block)
    output.append(",\"delta\":{\"type\":\"\(names.type)\",\"\(names.key)\":\"")
    output.append(delta.escaped)
    output.append("\"}}\n\n")
  }

  private var head: JSONValue {
    [
      "id": .string(id), "type": "message", "role": "assistant", "model": .string(model), "content": [],
      "stop_reason": nil, "stop_sequence": nil, "usage": answer.usage.json(isStart: true),
    ]
  }

  private var ending: JSONValue {
    ["stop_reason": .string(answer.stopReason), "stop_sequence": JSONValue(stopSequence)]
  }
}
