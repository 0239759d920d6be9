import Bytes

/// One content block and the deltas that stream it.
struct Block {
  enum Kind {
    case text
    case thinking
    case toolUse(id: String, name: String, input: JSONValue)
  }

  let kind: Kind
  let deltas: [Delta]

  static func text(_ pieces: [String]) -> Block { Block(kind: .text, deltas: pieces.map { Delta(.text, $0) }) }

  /// A thinking block with a signature. The signature is opaque to a client, like a real one.
  static func thinking(_ pieces: [String]) -> Block {
    Block(kind: .thinking, deltas: pieces.map { Delta(.thinking, $0) } + [Delta(.signature, "c3R1Yi1zaWduYXR1cmU=")])
  }

  static func toolUse(id: String, name: String, input: JSONValue) -> Block {
    Block(
      kind: .toolUse(id: id, name: name, input: input), deltas: pieces(of: input.text).map { Delta(.inputJSON, $0) })
  }

  // An empty piece first, like the real API. Three more show whether a client joins them.
  private static func pieces(of text: String) -> [String] {
    let size = max(1, (text.count + 2) / 3)
    var rest = text[...]
    var pieces = [""]
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return pieces
  }
}

extension Block {
  /// The block as `content_block_start` has it.
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
