import Bytes
import Crypto

/// A point in a conversation: a chained hash of all messages up to it, with the principal and the settings. Two
/// conversations have the same key only if they are the same.
public struct ConversationKey: Hashable, Sendable {
  private let digest: [UInt8]

  /// The beginning of a conversation.
  ///
  /// - Parameters:
  ///   - principal: the owner; a history never finds another principal's session.
  ///   - settings: what else must be equal, such as the workspace and the system prompt.
  public init(principal: String, settings: [String]) {
    digest = ConversationKey.hash([], [principal] + settings)
  }

  private init(digest: [UInt8]) { self.digest = digest }

  /// Its stored form.
  var text: String {
    String(decoding: digest.flatMap { [Ascii.hexDigit($0 >> 4), Ascii.hexDigit($0 & 15)] }, as: UTF8.self)
  }

  /// Nil for text that `text` does not write.
  init?(text: String) {
    let digits = text.utf8.compactMap(Ascii.hexValue)
    guard digits.count == text.utf8.count, digits.count == 64 else { return nil }
    digest = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// The point one message later. White space at the ends is ignored: clients trim it.
  ///
  /// - Parameter rest: the parts of the message other than its text.
  public func appending(role: String, text: String, rest: [String] = []) -> ConversationKey {
    ConversationKey(digest: ConversationKey.hash(digest, [role, String(text.trimmed)] + rest))
  }

  // Lengths are hashed with the parts, so that moving a border changes the hash.
  private static func hash(_ previous: [UInt8], _ parts: [String]) -> [UInt8] {
    var bytes = ByteBuffer(previous)
    for part in parts {
      bytes.append(decimal: part.utf8.count)
      bytes.append(Ascii.colon)
      bytes.append(part)
    }
    return SHA256.hash(bytes.span)
  }
}
