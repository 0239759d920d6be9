import Bytes

/// The message in one piece.
extension Message {
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
