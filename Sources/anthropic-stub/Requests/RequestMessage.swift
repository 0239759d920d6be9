import Bytes
import HTTPServer

/// One of the messages of a request, reduced to what the stub needs.
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

  /// The texts, calls and results, without the CLI's reminders.
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

/// The user's own texts in a message with role user, apart from those of the CLI.
extension RequestMessage {
  var userTexts: [String] { blocks.compactMap(\.userText) }

  /// The last script in the texts; nil if there is none.
  func script() throws(HTTPError) -> Script? {
    for text in userTexts.reversed() {
      if let script = try Script(in: text) { return script }
    }
    return nil
  }

  /// The message without the earlier prompts that got no answer.
  ///
  /// The CLI merges neighbouring user messages into one and ends each but the last with a line end; "[Request
  /// interrupted by user]" is one of them.
  var newestPrompt: RequestMessage {
    guard let last = blocks.lastIndex(where: { $0.userText != nil }),
      let seam = blocks[..<last].lastIndex(where: { $0.userText?.hasSuffix("\n") == true })
    else { return self }
    return RequestMessage(role: role, blocks: Array(blocks[(seam + 1)...]))
  }
}

extension RequestMessage.Block {
  /// The text, unless it is one of the CLI's reminders.
  var userText: String? {
    guard case .text(let text) = self, !text.drop(while: \.isWhitespace).hasPrefix("<system-reminder>") else {
      return nil
    }
    return text
  }
}
