import Bytes

extension Transcript {
  /// The conversation of a transcript, also of one that the CLI wrote: what user and assistant said, in the order of
  /// the lines. Other lines, broken ones among them, are passed over.
  public static func messages(parsing text: [UInt8]) -> [ConversationMessage] {
    normalized(text.split(separator: Ascii.lineFeed).compactMap { message(parsing: Array($0)) })
  }

  private static func message(parsing line: [UInt8]) -> ConversationMessage? {
    guard let entry = try? JSONValue(parsing: line), let role = entry["type"]?.string,
      let role = ConversationMessage.Role(rawValue: role), let content = entry["message"]?["content"],
      !["isSidechain", "isMeta", "isApiErrorMessage"].contains(where: { entry[$0]?.bool == true })
    else { return nil }
    return ConversationMessage(role, ContentBlock.list(content))
  }
}
