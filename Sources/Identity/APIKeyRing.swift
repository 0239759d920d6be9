import Bytes
import Crypto

/// The configured API keys. Only digests are kept.
public struct APIKeyRing: Sendable {
  private let digests: [[UInt8]]
  private let adminDigests: [[UInt8]]

  /// - Parameter admins: keys of admins, which need not be among `keys`.
  public init(_ keys: [String], admins: [String] = []) {
    digests = keys.map(APIKeyRing.digest)
    adminDigests = admins.map(APIKeyRing.digest)
  }

  private static func digest(_ key: String) -> [UInt8] { SHA256.hash(Array(key.utf8).span) }

  /// Without keys nobody is asked for one.
  public var isEmpty: Bool { digests.isEmpty && adminDigests.isEmpty }

  /// Whose key this is; nil for an unknown one. Takes the same time wherever the difference lies: digests are compared
  /// whole, and all of them.
  public func principal(for key: String) -> Principal? {
    let digest = APIKeyRing.digest(key)
    let isAdmin = APIKeyRing.holds(adminDigests, digest)
    let isKnown = APIKeyRing.holds(digests, digest)
    guard isKnown || isAdmin else { return nil }
    let id = digest.prefix(8).map {
      String(decoding: [Ascii.hexDigit($0 >> 4), Ascii.hexDigit($0 & 15)], as: UTF8.self)
    }
    return Principal(id: "key-" + id.joined(), name: APIKeyRing.masked(key), isAdmin: isAdmin)
  }

  private static func holds(_ digests: [[UInt8]], _ digest: [UInt8]) -> Bool {
    var isThere = false
    for known in digests {
      var difference: UInt8 = 0
      for index in 0..<digest.count { difference |= known[index] ^ digest[index] }
      isThere = isThere || difference == 0
    }
    return isThere
  }

  /// A key as logs may show it: its first 8 characters, or fewer of a short one.
  public static func masked(_ key: String) -> String {
    String(key.prefix(min(8, key.count / 3))) + "…"
  }
}
