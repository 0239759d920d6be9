import Bytes
import Crypto

/// A point in a conversation: a chained hash of everything said up to it, by whom and under which settings. Two
/// conversations meet in a key only if they are the same.
public struct ConversationKey: Hashable, Sendable {
  private let digest: [UInt8]

  /// The beginning of a conversation.
  ///
  /// - Parameters:
  ///   - principal: whose conversation it is; a history never finds somebody else's session.
  ///   - settings: what else must be the same: workspace and system prompt, for instance.
  public init(principal: String, settings: [String]) {
    digest = ConversationKey.hash([], [principal] + settings)
  }

  private init(digest: [UInt8]) { self.digest = digest }

  /// For keeping.
  var text: String {
    String(decoding: digest.flatMap { [Ascii.hexDigit($0 >> 4), Ascii.hexDigit($0 & 15)] }, as: UTF8.self)
  }

  /// Nil for what `text` does not write.
  init?(text: String) {
    let digits = text.utf8.compactMap(Ascii.hexValue)
    guard digits.count == text.utf8.count, digits.count == 64 else { return nil }
    digest = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// The point one message later. White space at the ends does not count: clients trim it.
  ///
  /// - Parameter rest: what the message is made of beside its text.
  public func appending(role: String, text: String, rest: [String] = []) -> ConversationKey {
    ConversationKey(digest: ConversationKey.hash(digest, [role, String(text.trimmed)] + rest))
  }

  // Lengths are hashed with the parts, so that no shift of a border gives the same bytes.
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
