import Testing

@testable import Identity

struct KeyDigestTests {
  /// `printf abc | sha256sum`
  private static let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  @Test("a digest is the SHA-256 of the key and reads back as written")
  func description() {
    #expect("\(KeyDigest(of: "abc"))" == "sha256:\(Self.digits)")
    #expect(KeyDigest("\(KeyDigest(of: "schlüssel"))") == KeyDigest(of: "schlüssel"))
  }

  @Test("a digest may be bare digits, in any case", arguments: [digits, "sha256:\(digits)", digits.uppercased()])
  func reading(text: String) {
    #expect(KeyDigest(text) == KeyDigest(of: "abc"))
  }

  @Test(
    "other text is not a digest",
    arguments: [
      "", "sha256:", String(digits.dropLast()), "\(digits)0", "sha1:\(digits)", "SHA256:\(digits)", " \(digits)",
      "\(digits.dropLast())g", "\(digits.dropLast())/", "\(digits.dropLast()):", "\(digits.dropLast())@",
      "\(digits.dropLast())`", "\(digits.dropLast(2))é", "sha256:sha256:\(digits)",
    ])
  func refused(text: String) {
    #expect(KeyDigest(text) == nil)
  }

  @Test("a key and its digest are the same principal")
  func ring() {
    let ring = APIKeyRing(digests: [KeyDigest(of: "sk-one")], admins: [KeyDigest(of: "sk-two")])
    let plain = APIKeyRing(["sk-one"], admins: ["sk-two"])
    for key in ["sk-one", "sk-two", "sk-three", Self.digits, "sha256:\(Self.digits)"] {
      #expect(ring.principal(for: key) == plain.principal(for: key))
    }
    #expect(ring.principal(for: "sk-one")?.isAdmin == false && ring.principal(for: "sk-two")?.isAdmin == true)
    // The digest itself opens nothing.
    #expect(ring.principal(for: "\(KeyDigest(of: "sk-one"))") == nil)
  }
}
