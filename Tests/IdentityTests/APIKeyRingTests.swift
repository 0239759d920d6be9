import Identity
import Testing

struct APIKeyRingTests {
  private static let keys = ["sk-live-0123456789abcdefghij", "sk-test-0123456789abcdefghij", "ключ-schlüssel-key"]

  @Test("every configured key is accepted", arguments: keys)
  func known(key: String) {
    #expect(APIKeyRing(Self.keys).principal(for: key)?.name == APIKeyRing.masked(key))
  }

  @Test(
    "any other key is rejected: parts, extensions, other case, blanks, the empty key",
    arguments: [
      "sk-live-0123456789abcdefghi", "sk-live-0123456789abcdefghijk", "SK-LIVE-0123456789ABCDEFGHIJ",
      " sk-live-0123456789abcdefghij", "sk-live-0123456789abcdefghij\n", "sk-live-", "", "\0",
    ])
  func unknown(key: String) {
    #expect(APIKeyRing(Self.keys).principal(for: key) == nil)
  }

  @Test("a key is the same principal in every ring, and different keys are different principals")
  func stable() {
    let first = APIKeyRing(Self.keys).principal(for: Self.keys[0])
    let again = APIKeyRing([Self.keys[0]]).principal(for: Self.keys[0])
    let other = APIKeyRing(Self.keys).principal(for: Self.keys[1])
    // The first 8 bytes of the key's SHA-256.
    #expect(first == Principal(id: "key-a85671ed61594b46", name: "sk-live-…"))
    #expect(again == first)
    #expect(other?.id != first?.id)
    #expect(other?.name == "sk-test-…")
  }

  @Test("an admin key is also an API key, and keeps its principal")
  func admins() {
    let ring = APIKeyRing([Self.keys[0], Self.keys[1]], admins: [Self.keys[1], Self.keys[2]])
    #expect(Self.keys.map { ring.principal(for: $0)?.isAdmin } == [false, true, true])
    #expect(ring.principal(for: "other") == nil)
    #expect(!APIKeyRing([], admins: ["k"]).isEmpty)
    let ordinary = APIKeyRing(Self.keys)
    for key in Self.keys { #expect(ring.principal(for: key)?.id == ordinary.principal(for: key)?.id) }
  }

  @Test("without keys the only principal is anonymous")
  func anonymous() {
    #expect(Principal.anonymous == Principal(id: "anonymous", name: "anonymous", isAdmin: true))
    #expect(!Principal(id: "a", name: "a").isAdmin)
  }

  @Test("an empty ring accepts no key, not even the empty one")
  func empty() {
    #expect(APIKeyRing([]).isEmpty)
    #expect(!APIKeyRing(["k"]).isEmpty)
    #expect(APIKeyRing([]).principal(for: "") == nil)
  }

  @Test(
    "at most 8 characters of a key are shown, and never more than a third of it",
    arguments: [
      ("", "…"), ("ab", "…"), ("abc", "a…"), ("abcdefgh", "ab…"), ("abcdefghijklmnopqrstuvw", "abcdefg…"),
      ("abcdefghijklmnopqrstuvwx", "abcdefgh…"), ("sk-ant-api03-very-long-and-very-secret-0123456789", "sk-ant-a…"),
      ("äöüäöüäöü", "äöü…"),
    ])
  func masking(key: String, shown: String) {
    #expect(APIKeyRing.masked(key) == shown)
  }
}
