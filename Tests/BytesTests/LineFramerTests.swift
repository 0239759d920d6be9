import Bytes
import Testing

struct LineFramerTests {
  @Test(
    "lines end at a line feed, with or without a carriage return before it",
    arguments: [
      ("", []), ("\n", [""]), ("one\n", ["one"]), ("one\r\n", ["one"]), ("\r\n\n", ["", ""]),
      ("one\ntwo", ["one", "two"]),
      ("one\r\ntwo\r\n", ["one", "two"]), ("a\rb\n", ["a\rb"]), ("a\r\r\n", ["a\r"]), ("last\r", ["last"]),
    ])
  func lineEnds(input: String, expected: [String]) {
    #expect(lines(of: [input.utf8[...]]) == expected)
  }

  @Test("lines are the same wherever the input is split")
  func everySplit() {
    let input = Array("first\r\n\nсередина\n😀{\"a\":1}\r\n\r\nlast".utf8)
    let expected = ["first", "", "середина", "😀{\"a\":1}", "", "last"]
    for cut in 0...input.count {
      #expect(lines(of: [input[..<cut], input[cut...]]) == expected, "cut at \(cut)")
    }
    #expect(lines(of: input.indices.map { input[$0...$0] }) == expected)
  }

  @Test(
    "a line up to the limit is delivered, a longer one is dropped and counted", arguments: [-1, 0, 1], ["\n", "\r\n"])
  func limit(excess: Int, lineEnd: String) {
    let long = String(repeating: "x", count: 64 + excess)
    let input = Array("before\(lineEnd)\(long)\(lineEnd)after\(lineEnd)".utf8)
    let expected = excess > 0 ? ["before", "after"] : ["before", long, "after"]
    for cut in 0...input.count {
      var framer = LineFramer(maximumLineLength: 64)
      #expect(lines(of: [input[..<cut], input[cut...]], &framer) == expected, "cut at \(cut)")
      #expect(framer.oversizedLines == max(0, excess), "cut at \(cut)")
    }
  }

  @Test("the limit applies to a last line without an end", arguments: [-1, 0, 1, 2])
  func limitAtTheEnd(excess: Int) {
    let long = String(repeating: "x", count: 64 + excess)
    var framer = LineFramer(maximumLineLength: 64)
    #expect(lines(of: [long.utf8[...]], &framer) == (excess > 0 ? [] : [long]))
    #expect(framer.oversizedLines == (excess > 0 ? 1 : 0))
  }

  @Test("a dropped line is counted once, however many chunks it spans")
  func countedOnce() {
    var framer = LineFramer(maximumLineLength: 4)
    let chunks = ["12345", "6789", "0123", "4\nok\n", "123456\n"]
    #expect(lines(of: chunks.map { $0.utf8[...] }, &framer) == ["ok"])
    #expect(framer.oversizedLines == 2)
  }

  @Test("finishing twice delivers the last line once")
  func finishing() {
    var framer = LineFramer()
    #expect(lines(of: ["tail".utf8[...]], &framer) == ["tail"])
    framer.finish { _ in Issue.record("there is no line left") }
  }

  private func lines(of chunks: [some Sequence<UInt8>]) -> [String] {
    var framer = LineFramer()
    return lines(of: chunks, &framer)
  }

  private func lines(of chunks: [some Sequence<UInt8>], _ framer: inout LineFramer) -> [String] {
    var lines: [String] = []
    for chunk in chunks {
      framer.push(Array(chunk).span) { lines.append($0.text(in: 0..<$0.count)) }
    }
    framer.finish { lines.append($0.text(in: 0..<$0.count)) }
    return lines
  }
}
