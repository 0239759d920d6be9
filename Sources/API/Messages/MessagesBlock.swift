import Bytes
import ClaudeCode
import Turns

/// A block of an answer's content, collected.
struct MessagesBlock {
  enum Kind: Equatable {
    case text
    case thinking
    case call(id: String, name: String)

    var isText: Bool { self == .text }
    var isCall: Bool { if case .call = self { true } else { false } }

    /// The delta's type and the name of its member.
    var delta: (type: String, member: String) {
      switch self {
      case .text: ("text_delta", "text")
      case .thinking: ("thinking_delta", "thinking")
      case .call: ("input_json_delta", "partial_json")
      }
    }

    /// The block at its beginning.
    ///
    /// Thinking has no signature: it is mixed with notes about tools, and ignored when it comes back.
    var beginning: JSONValue {
      switch self {
      case .text: ["type": "text", "text": ""]
      case .thinking: ["type": "thinking", "thinking": "", "signature": ""]
      case .call(let id, let name):
        ["type": "tool_use", "id": .string(CallID.anthropic(id)), "name": .string(name), "input": [:]]
      }
    }
  }

  let kind: Kind
  /// Text, thinking, or the JSON text of a call's input; as the inside of a JSON string.
  var inside: [UInt8] = []

  init(_ kind: Kind) { self.kind = kind }

  /// The call; nil for another block.
  var call: ChatToolCall? {
    guard case .call(let id, let name) = kind else { return nil }
    return ChatToolCall(id: id, name: name, arguments: (try? JSONText.unescape(inside.span)) ?? "{}")
  }

  /// Appends the whole block.
  func write(to output: inout ByteBuffer) {
    switch kind {
    case .text:
      output.append("{\"type\":\"text\",\"text\":\"")
      output.append(inside)
      output.append("\"}")
    case .thinking:
      output.append("{\"type\":\"thinking\",\"thinking\":\"")
      output.append(inside)
      output.append("\",\"signature\":\"\"}")
    case .call(let id, let name):
      let block: JSONValue = [
        "type": "tool_use", "id": .string(CallID.anthropic(id)), "name": .string(name),
        "input": call?.input ?? [:],
      ]
      block.write(to: &output)
    }
  }
}
