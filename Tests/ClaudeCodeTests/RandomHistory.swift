import Bytes
import TestSupport

@testable import ClaudeCode

/// Histories as no client would send them: any order, any text, ids that repeat.
enum RandomHistory {
  static func next(_ generator: inout SeededGenerator) -> [ConversationMessage] {
    (0..<Int.random(in: 0...9, using: &generator)).map { _ in
      let role: ConversationMessage.Role = Bool.random(using: &generator) ? .user : .assistant
      return ConversationMessage(role, blocks(&generator, depth: 0))
    }
  }

  private static func blocks(_ generator: inout SeededGenerator, depth: Int) -> [ContentBlock] {
    (0..<Int.random(in: 0...4, using: &generator)).map { _ in
      switch Int.random(in: 0...(depth == 0 ? 6 : 1), using: &generator) {
      case 0: .text(text(&generator))
      case 1: .image(mediaType: "image/png", base64: "AAAA")
      case 2...3: .toolUse(id: id(&generator), name: "mcp__client__f", input: input(&generator))
      default:
        .toolResult(
          id: id(&generator), content: blocks(&generator, depth: depth + 1), isError: Bool.random(using: &generator))
      }
    }
  }

  private static func id(_ generator: inout SeededGenerator) -> String {
    ["", "t1", "t1_2", "t2", "t 2", "tö"].randomElement(using: &generator) ?? ""
  }

  private static func input(_ generator: inout SeededGenerator) -> JSONValue {
    let value: JSONValue = .string(text(&generator))
    return [["k": value], [:], value, .null].randomElement(using: &generator) ?? .null
  }

  private static func text(_ generator: inout SeededGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
      let wide = UInt32.random(in: 0...0x10FFFF, using: &generator)
      let value = Bool.random(using: &generator) ? wide : wide % 0x80
      text.unicodeScalars.append(Unicode.Scalar(value) ?? "\u{2028}")
    }
    return text
  }
}
