import Testing

/// The sources never trap on nil or on an error.
struct UnwrappingTests {
  @Test("no force unwrap, no implicitly unwrapped type, no try! and no as!")
  func sources() throws {
    for file in try SourceFile.all {
      for place in Unwrapping.all(in: file.tokens) {
        Issue.record("\(file.name):\(place.line): \(place.kind.rawValue)")
      }
    }
  }

  @Test(
    "each kind is found",
    arguments: [
      ("let a = b!", Unwrapping.forceUnwrap), ("b![0]", .forceUnwrap), ("b()!.c", .forceUnwrap),
      ("b[0]!", .forceUnwrap),
      ("b { $0 }!", .forceUnwrap), ("b?.c!", .forceUnwrap), ("b!!", .forceUnwrap), ("f(a: b!)", .forceUnwrap),
      ("f(a: [b]!)", .forceUnwrap), ("x: (a ?? b)!", .forceUnwrap), ("\"a\"!", .forceUnwrap), ("b! != c", .forceUnwrap),
      ("b! = 1", .forceUnwrap), ("\"\\(b!)\"", .forceUnwrap), ("#\"\\#(f(\"\\(b!)\"))\"#", .forceUnwrap),
      ("\"\"\"\n\\(b!)\n\"\"\"", .forceUnwrap), ("`in`!", .forceUnwrap), ("/* /* */ */ b!", .forceUnwrap),
      ("var a: Int!", .implicit), ("-> [Int]!", .implicit), ("var a: [Int: B]!", .implicit),
      ("a: Set<Int>!", .implicit),
      ("a: (() -> Void)!", .implicit), ("try! f()", .forcedTry), ("a as! B", .forcedCast),
    ])
  func found(code: String, kind: Unwrapping) {
    #expect(Set(Unwrapping.all(in: SwiftScanner.tokens(in: code)).map(\.kind)) == [kind])
  }

  @Test(
    "other exclamation marks are not found",
    arguments: [
      "a != b", "a!=b", "a !== b", "!a", "(!a)", "[!a, !b]", "a && !b", "a&&!b", "return !a", "{ !$0 }", "f(a: !b)",
      "// a!", "/* a! */", "\"a!\"", "#\"a!\"#", "\"\"\"\na!\n\"\"\"", "\"\\\\(a!)\"", "#\"\\(a!)\"#", "#/a!(?!b)/#",
      "\"\\(a)!\"", "#if !os(Linux)", "try f()", "a as? B", "\"\\\"a!\"",
    ])
  func other(code: String) {
    #expect(Unwrapping.all(in: SwiftScanner.tokens(in: code)).isEmpty)
  }

  @Test("places have the line they are on")
  func lines() {
    let text = "let a = \"\"\"\n  x\n  \"\"\" // !\n/*\n*/ let b = a!\n"
    #expect(Unwrapping.all(in: SwiftScanner.tokens(in: text)).map(\.line) == [5])
  }
}
