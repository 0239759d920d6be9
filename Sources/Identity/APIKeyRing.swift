/// The configured API keys, as digests.
public struct APIKeyRing: Sendable {
  private let digests: [KeyDigest]
  private let adminDigests: [KeyDigest]

  /// - Parameter admins: digests of admins' keys, which need not be among `digests`.
  public init(digests: [KeyDigest], admins: [KeyDigest] = []) {
    self.digests = digests
    adminDigests = admins
  }

  /// - Parameter admins: admins' keys, which need not be among `keys`.
  public init(_ keys: [String], admins: [String] = []) {
    self.init(digests: keys.map(KeyDigest.init(of:)), admins: admins.map(KeyDigest.init(of:)))
  }

  /// Without keys none is required.
  public var isEmpty: Bool { digests.isEmpty && adminDigests.isEmpty }

  /// The principal of a key; nil for an unknown key. The time does not depend on where digests differ: all of them are
  /// compared whole.
  public func principal(for key: String) -> Principal? {
    let digest = KeyDigest(of: key)
    let isAdmin = APIKeyRing.holds(adminDigests, digest)
    let isKnown = APIKeyRing.holds(digests, digest)
    guard isKnown || isAdmin else { return nil }
    return Principal(id: "key-\(digest.hexadecimal(8))", name: APIKeyRing.masked(key), isAdmin: isAdmin)
  }

  private static func holds(_ digests: [KeyDigest], _ digest: KeyDigest) -> Bool {
    var isThere = false
    for known in digests {
      var difference: UInt8 = 0
      for index in 0..<digest.bytes.count { difference |= known.bytes[index] ^ digest.bytes[index] }
      isThere = isThere || difference == 0
    }
    return isThere
  }

  /// A key as logs may show it: its first 8 characters, or fewer of a short key.
  public static func masked(_ key: String) -> String {
    String(key.prefix(min(8, key.count / 3))) + "…"
  }
}
