/// One message of a conversation, as the model sees it.
public struct ConversationMessage: Equatable, Sendable {
  public enum Role: String, Sendable {
    case user
    case assistant
  }

  public var role: Role
  public var content: [ContentBlock]

  public init(_ role: Role, _ content: [ContentBlock]) {
    self.role = role
    self.content = content
  }

  /// Its approximate size in bytes: a measure of the work it causes.
  public var size: Int { content.reduce(64) { $0 + $1.size } }

  /// All its texts, joined.
  public var text: String { content.compactMap(\.text).joined(separator: "\n") }
}
