import Bytes

/// One `content_block_delta`.
struct Delta {
  enum Kind {
    case text
    case thinking
    case signature
    case inputJSON

    /// The delta's type and the key of its text.
    var names: (type: String, key: String) {
      switch self {
      case .text: ("text_delta", "text")
      case .thinking: ("thinking_delta", "thinking")
      case .signature: ("signature_delta", "signature")
      case .inputJSON: ("input_json_delta", "partial_json")
      }
    }
  }

  let kind: Kind
  /// The text as the inside of a JSON string. It can be one half of a surrogate pair.
  let escaped: String

  init(_ kind: Kind, escaped: String) {
    self.kind = kind
    self.escaped = escaped
  }

  init(_ kind: Kind, _ text: String) {
    var output = ByteBuffer()
    JSONText.appendEscaped(text.utf8, to: &output)
    self.init(kind, escaped: String(decoding: output.bytes, as: UTF8.self))
  }
}
