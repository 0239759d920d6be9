import Bytes

extension Transcript {
  /// The messages of user and assistant in a transcript, also one that the CLI wrote, in the order of the lines. Other
  /// lines, broken ones included, are skipped.
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
