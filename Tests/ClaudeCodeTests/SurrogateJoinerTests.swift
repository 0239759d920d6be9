import Bytes
import Testing

@testable import ClaudeCode

struct SurrogateJoinerTests {
  /// The escapes of a text, one by one, and what it says.
  struct Text: Sendable, CustomTestStringConvertible {
    let units: [String]
    let expected: String

    var testDescription: String { units.joined(separator: "|") }

    init(_ units: String..., expected: String) {
      self.units = units
      self.expected = expected
    }
  }

  private static let texts = [
    Text(#"\ud83d"#, #"\ude00"#, expected: "😀"),
    Text("a", #"\uD83D"#, #"\uDE00"#, "b", expected: "a😀b"),
    Text(#"\udbff"#, #"\udfff"#, #"\ud800"#, #"\udc00"#, expected: "\u{10FFFF}\u{10000}"),
    Text("a", #"\ud83d"#, "b", expected: "a\u{FFFD}b"),
    Text("a", #"\ude00"#, "b", expected: "a\u{FFFD}b"),
    Text(#"\ude00"#, #"\ud83d"#, expected: "\u{FFFD}\u{FFFD}"),
    Text(#"\ud83d"#, #"\ud83d"#, #"\ude00"#, expected: "\u{FFFD}😀"),
    Text(#"\ud83d"#, #"\ude00"#, #"\ude00"#, expected: "😀\u{FFFD}"),
    Text(#"\ud83d"#, #"\n"#, #"\ude00"#, expected: "\u{FFFD}\n\u{FFFD}"),
    Text(#"\ud83d"#, #"\u0041"#, expected: "\u{FFFD}A"),
    // An escaped backslash before `u`: six letters, no half.
    Text(#"\\"#, "ud83d", #"\\"#, "ude00", expected: #"\ud83d\ude00"#),
    Text(#"\\"#, #"\ud83d"#, #"\ude00"#, expected: "\\😀"),
    Text(#"\ud83d"#, #"\\"#, "ude00", expected: "\u{FFFD}\\ude00"),
    Text(#"\u00d8"#, #"\ud7ff"#, #"\ue000"#, #"\""#, "é😀", expected: "Ø\u{D7FF}\u{E000}\"é😀"),
  ]

  @Test("text is the same for every split, in valid pieces", arguments: texts)
  func splits(text: Text) throws {
    for cuts in 0..<(1 << (text.units.count - 1)) {
      var joiner = SurrogateJoiner()
      var told: [String] = []
      for piece in pieces(of: text.units, cuts: cuts) {
        told.append(mend(piece, &joiner) ?? piece)
      }
      told.append(String(decoding: joiner.finish(), as: UTF8.self))
      let decoded = try told.map { try JSONText.unescape(Array($0.utf8).span) }
      #expect(decoded.joined() == text.expected, "cut as \(told)")
      // A half that stood alone would decode to U+FFFD without saying so.
      #expect(
        told.joined().ranges(of: #"\ufffd"#).count == text.expected.ranges(of: "\u{FFFD}").count, "cut as \(told)")
    }
  }

  @Test("a piece without surrogates is unchanged", arguments: ["", "abc", #"\n\"\\"#, #"\u0041"#, #"\\ud83d"#, "😀"])
  func untouched(piece: String) {
    var joiner = SurrogateJoiner()
    #expect(mend(piece, &joiner) == nil)
    #expect(joiner.finish().isEmpty)
  }

  @Test("a high surrogate is held until the next piece")
  func holding() {
    var joiner = SurrogateJoiner()
    #expect(mend(#"a\ud83d"#, &joiner) == "a")
    #expect(mend("", &joiner) == "")
    #expect(joiner.finish() == Array(#"\ufffd"#.utf8))
    #expect(joiner.finish().isEmpty)
  }

  @Test("a discarded half does not return")
  func forgetting() {
    var joiner = SurrogateJoiner()
    _ = mend(#"\ud83d"#, &joiner)
    joiner.reset()
    #expect(joiner.finish().isEmpty)
    #expect(mend("a", &joiner) == nil)
  }

  private func mend(_ piece: String, _ joiner: inout SurrogateJoiner) -> String? {
    joiner.mend(Array(piece.utf8).span).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The units, joined again except where a bit of `cuts` is set.
  private func pieces(of units: [String], cuts: Int) -> [String] {
    var pieces: [String] = []
    for (index, unit) in units.enumerated() {
      if index > 0 && cuts & (1 << (index - 1)) == 0 { pieces[pieces.count - 1] += unit } else { pieces.append(unit) }
    }
    return pieces
  }
}
