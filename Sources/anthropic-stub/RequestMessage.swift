import Bytes

/// One of the messages of a request, reduced to what the stub looks at.
struct RequestMessage {
  enum Block {
    case text(String)
    case toolUse(name: String)
    case toolResult(String)
    case other(type: String)

    init(_ value: JSONValue) {
      switch value["type"]?.string {
      case "text": self = .text(value["text"]?.string ?? "")
      case "tool_use": self = .toolUse(name: value["name"]?.string ?? "")
      case "tool_result": self = .toolResult(RequestMessage.plainText(of: value["content"]))
      case let type: self = .other(type: type ?? "")
      }
    }
  }

  let role: String
  let blocks: [Block]

  init(role: String, blocks: [Block]) {
    self.role = role
    self.blocks = blocks
  }

  init(_ value: JSONValue) {
    let content = value["content"]
    let text = content?.string.map { [Block.text($0)] }
    self.init(role: value["role"]?.string ?? "", blocks: text ?? (content?.array ?? []).map(Block.init))
  }

  var toolResults: [String] { blocks.compactMap { if case .toolResult(let text) = $0 { text } else { nil } } }

  /// What was said, calls and results included, the CLI's reminders not.
  var visibleText: String {
    let parts = blocks.compactMap { block -> String? in
      switch block {
      case .text: block.userText
      case .toolUse(let name): "[tool_use \(name)]"
      case .toolResult(let text): "[tool_result] \(text)"
      case .other(let type): "[\(type)]"
      }
    }
    return parts.joined(separator: "\n")
  }

  /// The text of a system prompt or a tool result: a string, or blocks joined by line ends.
  static func plainText(of content: JSONValue?) -> String {
    if let text = content?.string { return text }
    return (content?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
  }
}
