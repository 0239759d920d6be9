import Bytes

extension Block {
  /// The block of `content_block_start`.
  var emptyJSON: JSONValue {
    switch kind {
    case .text: ["type": "text", "text": ""]
    case .thinking: ["type": "thinking", "thinking": "", "signature": ""]
    case .toolUse(let id, let name, _): toolUse(id, name, .object(JSONObject()))
    }
  }

  /// Appends the whole block.
  func write(to output: inout ByteBuffer) {
    switch kind {
    case .text: output.append("{\"type\":\"text\",\"text\":\"\(joined(.text))\"}")
    case .thinking:
      output.append("{\"type\":\"thinking\",\"thinking\":\"\(joined(.thinking))\",")
      output.append("\"signature\":\"\(joined(.signature))\"}")
    case .toolUse(let id, let name, let input): toolUse(id, name, input).write(to: &output)
    }
  }

  private func joined(_ kind: Delta.Kind) -> String { deltas.filter { $0.kind == kind }.map(\.escaped).joined() }

  private func toolUse(_ id: String, _ name: String, _ input: JSONValue) -> JSONValue {
    ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
  }
}
