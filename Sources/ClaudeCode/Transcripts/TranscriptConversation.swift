public import Bytes

/// The conversation in a transcript that the CLI wrote (2.1.329): a tree of lines, each of which names the one before it.
/// What leads to the newest message is the conversation; the rest was abandoned.
public struct TranscriptConversation: Sendable, Equatable {
  /// What was said in one line. An answer of several blocks has a line for each.
  public struct Message: Sendable, Equatable {
    public let uuid: String
    public let role: ConversationMessage.Role
    /// As the CLI wrote it (RFC 3339).
    public let timestamp: String?
    /// Content blocks, as they are.
    public let content: [JSONValue]
  }

  /// The oldest first.
  public let messages: [Message]

  /// Lines that are broken are passed over: the last one may be torn.
  public init(parsing text: [UInt8]) {
    let lines = text.split(separator: Ascii.lineFeed).compactMap { Line(parsing: Array($0)) }
    let told = TranscriptConversation.told(lines)
    messages = lines.compactMap { told.contains($0.uuid) ? $0.message : nil }
  }

  /// The lines that lead to the newest message; with them the other parts of their answers, and what tools answered to
  /// those. Calls that were made at once have their results side by side in the tree, so that only one result leads on.
  private static func told(_ lines: [Line]) -> Set<String> {
    var parents = Dictionary(lines.map { ($0.uuid, $0.parent) }) { $1 }
    var told: Set<String> = []
    var next = lines.last(where: \.isSpoken)?.uuid
    // Taken out on the way: lines that name each other in a circle end it.
    while let uuid = next, let parent = parents.removeValue(forKey: uuid) {
      told.insert(uuid)
      next = parent
    }
    let answers = Set(lines.compactMap { told.contains($0.uuid) ? $0.answerID : nil })
    for line in lines {
      if let answer = line.answerID, answers.contains(answer) { told.insert(line.uuid) }
      if line.isToolResult, let parent = line.parent, told.contains(parent) { told.insert(line.uuid) }
    }
    return told
  }
}

extension TranscriptConversation {
  /// A line that has a place in the tree.
  private struct Line {
    let uuid: String
    /// Over a compaction, the last line before it.
    let parent: String?
    /// Whether the user or the assistant speaks in it, be it not their own words.
    let isSpoken: Bool
    /// The upstream's name for the answer it is a part of.
    let answerID: String?
    let isToolResult: Bool
    /// Nil for what nobody said: the CLI's own words, a summary, an error.
    let message: Message?

    init?(parsing bytes: [UInt8]) {
      guard let entry = try? JSONValue(parsing: bytes), let uuid = entry["uuid"]?.string,
        entry["isSidechain"]?.bool != true
      else { return nil }
      self.uuid = uuid
      parent = entry["parentUuid"]?.string ?? entry["logicalParentUuid"]?.string
      let role = entry["type"]?.string.flatMap { ConversationMessage.Role(rawValue: $0) }
      isSpoken = role != nil
      answerID = role == .assistant ? entry["message"]?["id"]?.string : nil
      let content = Line.blocks(entry["message"]?["content"] ?? .null)
      isToolResult = role == .user && content.contains { $0["type"]?.string == "tool_result" }
      message = role.flatMap { role in
        guard !content.isEmpty, !Line.isSynthetic(entry) else { return nil }
        return Message(uuid: uuid, role: role, timestamp: entry["timestamp"]?.string, content: content)
      }
    }

    private static func isSynthetic(_ entry: JSONValue) -> Bool {
      ["isMeta", "isCompactSummary", "isApiErrorMessage"].contains { entry[$0]?.bool == true }
        || entry["message"]?["model"]?.string == "<synthetic>"
    }

    private static func blocks(_ content: JSONValue) -> [JSONValue] {
      if let text = content.string { return text.isEmpty ? [] : [["type": "text", "text": .string(text)]] }
      return content.array ?? []
    }
  }
}
