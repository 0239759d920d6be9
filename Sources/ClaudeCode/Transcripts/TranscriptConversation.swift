public import Bytes

/// The conversation in a transcript that the CLI wrote (2.1.329): a tree of lines, each naming its predecessor. The
/// path to the newest message is the conversation; other branches were abandoned.
public struct TranscriptConversation: Sendable, Equatable {
  /// The message of one line. An answer of several blocks has a line for each.
  public struct Message: Sendable, Equatable {
    public let uuid: String
    public let role: ConversationMessage.Role
    /// As the CLI wrote it (RFC 3339).
    public let timestamp: String?
    /// Content blocks, unchanged.
    public let content: [JSONValue]
  }

  /// The oldest first.
  public let messages: [Message]

  /// Broken lines are skipped: the last one may be incomplete.
  public init(parsing text: [UInt8]) {
    let lines = text.split(separator: Ascii.lineFeed).compactMap { Line(parsing: Array($0)) }
    let path = TranscriptConversation.path(lines)
    messages = lines.compactMap { path.contains($0.uuid) ? $0.message : nil }
  }

  /// The lines on the path to the newest message, with the other parts of their answers and the results of those parts'
  /// calls. Parallel calls have their results side by side in the tree, so that only one result is on the path.
  private static func path(_ lines: [Line]) -> Set<String> {
    var parents = Dictionary(lines.map { ($0.uuid, $0.parent) }) { $1 }
    var path: Set<String> = []
    var next = lines.last(where: \.isSpoken)?.uuid
    // Removed on the way, so that lines that name each other in a circle end it.
    while let uuid = next, let parent = parents.removeValue(forKey: uuid) {
      path.insert(uuid)
      next = parent
    }
    let answers = Set(lines.compactMap { path.contains($0.uuid) ? $0.answerID : nil })
    for line in lines {
      if let answer = line.answerID, answers.contains(answer) { path.insert(line.uuid) }
      if line.isToolResult, let parent = line.parent, path.contains(parent) { path.insert(line.uuid) }
    }
    return path
  }
}

extension TranscriptConversation {
  /// A line with a place in the tree.
  private struct Line {
    let uuid: String
    /// Across a compaction, the last line before it.
    let parent: String?
    /// Whether it has the role of the user or the assistant, even if the words are not theirs.
    let isSpoken: Bool
    /// The upstream's id of the answer that it is a part of.
    let answerID: String?
    let isToolResult: Bool
    /// Nil for a line that is not part of the conversation: the CLI's own words, a summary, an error.
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
