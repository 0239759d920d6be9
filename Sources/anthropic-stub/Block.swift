import Bytes

/// One content block: what it is, and the deltas it comes in.
struct Block {
  enum Kind {
    case text
    case thinking
    case toolUse(id: String, name: String, input: JSONValue)
  }

  let kind: Kind
  let deltas: [Delta]

  static func text(_ pieces: [String]) -> Block { Block(kind: .text, deltas: pieces.map { Delta(.text, $0) }) }

  /// The signature is as opaque to a client as a real one.
  static func thinking(_ pieces: [String]) -> Block {
    Block(kind: .thinking, deltas: pieces.map { Delta(.thinking, $0) } + [Delta(.signature, "c3R1Yi1zaWduYXR1cmU=")])
  }

  static func toolUse(id: String, name: String, input: JSONValue) -> Block {
    Block(
      kind: .toolUse(id: id, name: name, input: input), deltas: pieces(of: input.text).map { Delta(.inputJSON, $0) })
  }

  // Like the real API: an empty piece first. Three more show whether a client joins them.
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
