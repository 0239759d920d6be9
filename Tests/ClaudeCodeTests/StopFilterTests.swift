import Testing

@testable import ClaudeCode

struct StopFilterTests {
  /// What is told of a text that comes in `pieces`, and whether it was stopped.
  private func told(_ pieces: [String], _ sequences: [String]) -> (String, Bool) {
    var filter = StopFilter(sequences)
    var told: [UInt8] = []
    for piece in pieces { told += filter.push(Array(piece.utf8).span) }
    told += filter.finish()
    return (String(decoding: told, as: UTF8.self), filter.isStopped)
  }

  @Test(
    "text ends before the first sequence, wherever it is split",
    arguments: [
      ("one two three", ["two"], "one ", true), ("one two three", ["four"], "one two three", false),
      ("aab", ["ab"], "a", true), ("aaab", ["aab"], "a", true), ("abab", ["abc", "ba"], "a", true),
      ("x", ["x"], "", true), ("xy", ["y", "x"], "", true), ("STO", ["STOP"], "STO", false),
      (#"a\nb\nUser:"#, ["\nUser:"], #"a\nb"#, true), (#"a\"b"#, ["\""], "a", true),
      (#"path\\name"#, ["n"], #"path\\"#, true),
      // The n of a line end is no n.
      (#"a\nb"#, ["n"], #"a\nb"#, false), (#"\u00e9u"#, ["u"], #"\u00e9"#, true), ("größe", ["ß"], "grö", true),
    ])
  func ends(text: String, sequences: [String], expected: String, isStopped: Bool) {
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count where isBoundary(bytes, cut) {
      let pieces = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self) }
      let (told, wasStopped) = told(pieces, sequences)
      #expect(told == expected)
      #expect(wasStopped == isStopped)
    }
    let single = text.map(String.init)
    if !text.contains("\\") { #expect(told(single, sequences).0 == expected) }
  }

  // Pieces hold whole escapes and whole characters.
  private func isBoundary(_ bytes: [UInt8], _ cut: Int) -> Bool {
    var index = 0
    while index < cut {
      if bytes[index] == UInt8(ascii: "\\") {
        index += bytes[index + 1] == UInt8(ascii: "u") ? 6 : 2
      } else {
        index += 1
        while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
      }
    }
    return index == cut
  }

  @Test(
    "the matched sequence is reported as given",
    arguments: [(#"a\"b"#, "\""), (#"a\nb"#, "\n"), ("ab", nil)] as [(String, String?)])
  func found(text: String, sequence: String?) {
    var filter = StopFilter(["\n", "\""])
    _ = filter.push(Array(text.utf8).span)
    #expect(filter.found == sequence)
  }

  @Test("nothing passes after the end")
  func after() {
    var filter = StopFilter(["x"])
    #expect(filter.push([0x61, 0x78, 0x62].span) == [0x61])
    #expect(filter.push([0x63].span) == [])
    #expect(filter.finish() == [])
  }

  @Test("without sequences all text passes")
  func none() {
    #expect(StopFilter([]).isEmpty)
    #expect(StopFilter([""]).isEmpty)
  }
}
