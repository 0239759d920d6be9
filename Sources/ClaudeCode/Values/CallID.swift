import Bytes
import Crypto

/// The ids of calls in the dialects. The server's own form is the upstream's, `toolu_…`; OpenAI's dialects write the same
/// id as `call_…`. Every dialect reads both, so that a conversation can move between dialects and restarts.
public enum CallID {
  /// The longest id that OpenAI's clients accept, in bytes.
  public static let maximumLength = 40

  /// How the ids of permission requests begin.
  static let questionPrefix = "approve_"
  private static let anthropicPrefix = "toolu_"
  private static let openAIPrefix = "call_"
  /// What is left for the rest of an id in either form.
  private static let maximumStem = maximumLength - openAIPrefix.utf8.count
  /// Stands for `approve_` before a request's UUID without hyphens: with them it would be too long.
  private static let shortQuestion = "ask"
  private static let hexDigits = 32

  /// An id that a client sent, in the server's form. Ids of other forms are unchanged.
  public static func received(_ id: String) -> String {
    guard let stem = stem(of: id) else { return id }
    if stem.hasPrefix(questionPrefix) { return String(stem) }
    return question(stem) ?? anthropicPrefix + stem
  }

  /// An id of the upstream, in the server's form. An upstream may be another gateway: what a dialect could not write is
  /// replaced by a hash. No id stays none.
  public static func issued(_ id: String) -> String {
    if id.isEmpty { return id }
    guard let stem = stem(of: id) else { return isPlain(id[...], maximumLength) ? id : hashed(id) }
    return isPlain(stem, maximumStem) ? anthropicPrefix + stem : hashed(id)
  }

  /// The id of a call that the upstream has none for.
  ///
  /// - Parameter unique: for instance a UUID.
  public static func made(from unique: String) -> String {
    issued(anthropicPrefix + String(unique.filter { $0 != "-" }))
  }

  /// As OpenAI's dialects write it.
  public static func openAI(_ id: String) -> String { written(id, openAIPrefix) }

  /// As Anthropic's dialect writes it.
  public static func anthropic(_ id: String) -> String { written(id, anthropicPrefix) }

  private static func written(_ id: String, _ prefix: String) -> String {
    if id.hasPrefix(questionPrefix) {
      let request = id.dropFirst(questionPrefix.count)
      let isUUID = request.utf8.count > hexDigits && UUIDText.normalized(String(request)).map { $0 == request } == true
      return prefix + (isUUID ? shortQuestion + request.filter { $0 != "-" } : id)
    }
    return stem(of: id).map { prefix + $0 } ?? id
  }

  /// The id without its prefix; nil for another form.
  private static func stem(of id: String) -> Substring? {
    for prefix in [anthropicPrefix, openAIPrefix] where id.hasPrefix(prefix) && id.utf8.count > prefix.utf8.count {
      return id.dropFirst(prefix.count)
    }
    return nil
  }

  /// The id of the permission request that a short stem stands for.
  private static func question(_ stem: Substring) -> String? {
    let digits = Array(stem.utf8.dropFirst(shortQuestion.utf8.count))
    guard stem.hasPrefix(shortQuestion), digits.count == hexDigits, digits.allSatisfy({ Ascii.hexValue($0) != nil })
    else { return nil }
    let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
    return questionPrefix + parts.joined(separator: "-")
  }

  private static func isPlain(_ text: Substring, _ maximum: Int) -> Bool {
    (1...maximum).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
      }
  }

  private static func hashed(_ id: String) -> String {
    let digest = SHA256.hash(Array(id.utf8).span).prefix(hexDigits / 2)
    return anthropicPrefix
      + String(decoding: digest.flatMap { [Ascii.hexDigit($0 >> 4), Ascii.hexDigit($0 & 15)] }, as: UTF8.self)
  }
}
