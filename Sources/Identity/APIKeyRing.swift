import Bytes
import Crypto

/// The configured API keys. Only digests are kept.
public struct APIKeyRing: Sendable {
  private let digests: [[UInt8]]

  public init(_ keys: [String]) { digests = keys.map { SHA256.hash(Array($0.utf8).span) } }

  /// Without keys nobody is asked for one.
  public var isEmpty: Bool { digests.isEmpty }

  /// Whose key this is; nil for an unknown one. Takes the same time wherever the difference lies: digests are compared
  /// whole, and all of them.
  public func principal(for key: String) -> Principal? {
    let digest = SHA256.hash(Array(key.utf8).span)
    var isKnown = false
    for known in digests {
      var difference: UInt8 = 0
      for index in 0..<digest.count { difference |= known[index] ^ digest[index] }
      isKnown = isKnown || difference == 0
    }
    guard isKnown else { return nil }
    let id = digest.prefix(8).map {
      String(decoding: [Ascii.hexDigit($0 >> 4), Ascii.hexDigit($0 & 15)], as: UTF8.self)
    }
    return Principal(id: "key-" + id.joined(), name: APIKeyRing.masked(key))
  }

  /// A key as logs may show it: its first 8 characters, or fewer of a short one.
  public static func masked(_ key: String) -> String {
    String(key.prefix(min(8, key.count / 3))) + "…"
  }
}
