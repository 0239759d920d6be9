import Identity
import TestSupport
import Testing

@testable import App

struct KeyCommandTests {
  private func output(_ arguments: [String], input: String? = nil, seed: UInt64 = 1) throws -> String {
    var random = SeededGenerator(seed: seed)
    return try KeyCommand(arguments).output(random: &random) { input }
  }

  @Test("a new key has 43 random characters of base64url, and the line has its digest")
  func making() throws {
    let lines = try output([]).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let key = try #require(lines.first)
    #expect(key.hasPrefix("sk-ccs-"))
    #expect(key.utf8.count == 7 + 43)
    #expect(key.dropFirst(7).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
    #expect(lines == [key, "API_KEY_HASHES=\(KeyDigest(of: key))", ""])
    #expect(try output([], seed: 1) == output([], seed: 1))
    #expect(try output([], seed: 1) != output([], seed: 2))
  }

  @Test("every character of the alphabet occurs in keys")
  func alphabet() throws {
    var random = SeededGenerator(seed: 7)
    let command = try KeyCommand([])
    var seen: Set<Character> = []
    for _ in 0..<100 {
      seen.formUnion(try command.output(random: &random) { nil }.prefix { $0 != "\n" }.dropFirst(7))
    }
    #expect(seen.count == 64)
  }

  @Test("--hash prints the digest of the key on standard input")
  func hashing() throws {
    #expect(
      try output(["--hash"], input: "abc")
        == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n")
  }

  @Test(
    "an invalid key, and a key as an argument, are rejected",
    arguments: [
      (["--hash"], nil, "key --hash: there is no key on standard input"),
      (["--hash"], "", "key --hash: there is no key on standard input"),
      (["--hash"], "a b", "key --hash: a key has no white space"),
      (["--hash"], "a\t", "key --hash: a key has no white space"),
      (
        ["--hash", "sk-secret"], "a",
        "key takes no argument but --hash, and reads the key to hash from standard input"
      ),
      (["sk-secret"], "a", "key takes no argument but --hash, and reads the key to hash from standard input"),
    ] as [([String], String?, String)])
  func refused(arguments: [String], input: String?, message: String) {
    #expect(throws: CommandLineFlags.UsageError(message: message)) { try output(arguments, input: input) }
  }
}
