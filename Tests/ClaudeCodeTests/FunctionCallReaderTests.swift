import Bytes
import TestSupport
import Testing

@testable import ClaudeCode

struct FunctionCallReaderTests {
  private static func block(_ id: String, _ name: String = "mcp__client__f", input: JSONValue = [:]) -> JSONValue {
    ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
  }

  private var reader = FunctionCallReader(CallSelection())
  private var transcript = AnswerTranscript()

  private mutating func stream(_ id: String, _ pieces: String..., ends: Bool = true) {
    reader.begin(Self.block(id), &transcript)
    for piece in pieces { reader.piece(Array(piece.utf8).span, &transcript) }
    if ends { reader.end(&transcript) }
  }

  @Test("a call is delivered in pieces as they arrive")
  mutating func pieces() {
    stream("a", "", #"{\"x\""#, ":1}")
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: #"{"x":1}"#)])
    #expect(transcript.badPieces.isEmpty)
    #expect(reader.hasCalls && reader.hasCallsInMessage)
  }

  @Test("a call without arguments has empty arguments", arguments: [true, false])
  mutating func empty(isStreamed: Bool) {
    if isStreamed { stream("a", "", "") } else { reader.whole(Self.block("a"), &transcript) }
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: "{}")])
  }

  @Test("an unstreamed call is delivered whole")
  mutating func whole() {
    reader.whole(Self.block("a", input: ["x": "é\n\"\\"]), &transcript)
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: #"{"x":"é\n\"\\"}"#)])
    #expect(transcript.badPieces.isEmpty)
  }

  @Test("a call that arrives twice is delivered once")
  mutating func once() {
    stream("a", #"{\"x\":1}"#)
    reader.whole(Self.block("a", input: ["x": 1]), &transcript)
    stream("a", "{}")
    reader.beginMessage()
    reader.whole(Self.block("a"), &transcript)
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: #"{"x":1}"#)])
  }

  private static let mapping = ValueMapping.renamed([ValueMapping.Name(client: "$é", upstream: "__")])

  @Test("arguments with other names are held back, and delivered with the client's", arguments: [true, false])
  mutating func mapped(isStreamed: Bool) {
    reader = FunctionCallReader(CallSelection(mappings: ["f": Self.mapping]))
    if isStreamed {
      stream("a", #"{\"__\":\"\ud83c"#, #"\udf89\""#, ",\\\"b\\\":1", ends: false)
      #expect(transcript.entries == [.call(id: "a", name: "f", arguments: "")])
      reader.piece(Array("}".utf8).span, &transcript)
      reader.end(&transcript)
    } else {
      reader.whole(Self.block("a", input: ["__": "🎉", "b": 1]), &transcript)
    }
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: #"{"$é":"🎉","b":1}"#)])
    reader.begin(Self.block("b", "mcp__client__g"), &transcript)
    reader.piece(Array(#"{\"__\""#.utf8).span, &transcript)
    #expect(transcript.entries.last == .call(id: "b", name: "g", arguments: #"{"__""#))
    #expect(transcript.badPieces.isEmpty)
  }

  @Test(
    "held arguments that are empty or broken are delivered as they are",
    arguments: [([], "{}"), (["{", "}"], "{}"), ([#"{\"__"#], #"{"__"#), (["7"], "7")])
  mutating func unmapped(pieces: [String], expected: String) {
    reader = FunctionCallReader(CallSelection(mappings: ["f": Self.mapping]))
    for id in ["a", "b"] {
      reader.begin(Self.block(id), &transcript)
      for piece in pieces { reader.piece(Array(piece.utf8).span, &transcript) }
      reader.end(&transcript)
      #expect(transcript.entries.last == .call(id: id, name: "f", arguments: expected))
    }
  }

  @Test("the CLI's own tools and stray pieces are not client calls")
  mutating func others() {
    reader.piece(Array("{".utf8).span, &transcript)
    reader.begin(Self.block("a", "Bash"), &transcript)
    reader.piece(Array("{".utf8).span, &transcript)
    reader.end(&transcript)
    reader.whole(Self.block("b", "mcp__other__f"), &transcript)
    reader.begin(["type": "tool_use"], &transcript)
    #expect(transcript.entries.isEmpty && transcript.badPieces.isEmpty)
    #expect(!reader.hasCalls)
  }

  @Test("calls of unknown functions are not delivered", arguments: [true, false])
  mutating func undeclared(isStreamed: Bool) {
    reader = FunctionCallReader(CallSelection(functions: ["g"]))
    if isStreamed { stream("a", "{}") } else { reader.whole(Self.block("a"), &transcript) }
    #expect(!reader.hasCalls)
    reader.whole(Self.block("b", "mcp__client__g"), &transcript)
    #expect(transcript.entries == [.call(id: "b", name: "g", arguments: "{}")])
  }

  @Test("a call of another tool does not end a client call")
  mutating func interleaved() {
    stream("a", "{", ends: false)
    reader.end(&transcript)
    reader.begin(Self.block("b", "Bash"), &transcript)
    reader.piece(Array("lost".utf8).span, &transcript)
    reader.end(&transcript)
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: "{")])
  }

  @Test("calls beyond a message's limit are dropped; the next message starts anew", arguments: [true, false])
  mutating func maximum(isStreamed: Bool) {
    reader = FunctionCallReader(CallSelection(maximum: 2))
    for id in ["a", "b", "c"] {
      if isStreamed { stream(id, "{}") } else { reader.whole(Self.block(id), &transcript) }
    }
    reader.beginMessage()
    #expect(!reader.hasCallsInMessage)
    stream("d", "{}")
    let ids = transcript.entries.map { if case .call(let id, _, "{}") = $0 { id } else { "-" } }
    #expect(ids == ["a", "b", "d"])
  }

  @Test(
    "split surrogates are joined, and a lone one is replaced",
    arguments: [
      ([#"\ud83c"#, #"\udf89"#], "🎉"), ([#"a\ud83c"#], "a\u{FFFD}"), ([#"\udf89a"#], "\u{FFFD}a"),
      ([#"\ud83c"#, "a"], "\u{FFFD}a"),
    ])
  mutating func halves(pieces: [String], expected: String) {
    reader.begin(Self.block("a"), &transcript)
    for piece in pieces { reader.piece(Array(piece.utf8).span, &transcript) }
    reader.end(&transcript)
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: expected)])
    #expect(transcript.badPieces.isEmpty)
    // Nothing of it reaches the next call.
    stream("b", #"\udf89"#)
    #expect(transcript.entries.last == .call(id: "b", name: "f", arguments: "\u{FFFD}"))
  }

  @Test("invalid UTF-8 is repaired")
  mutating func notUTF8() {
    reader.begin(Self.block("a"), &transcript)
    let bytes: [UInt8] = [0x61, 0xFF, 0x62]
    reader.piece(bytes.span, &transcript)
    reader.end(&transcript)
    #expect(transcript.entries == [.call(id: "a", name: "f", arguments: "a\u{FFFD}b")])
    #expect(transcript.badPieces.isEmpty)
  }

  // MARK: Property

  @Test("arguments arrive intact wherever they are split", arguments: UInt64(1)...200)
  mutating func anyPieces(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let calls = (0..<Int.random(in: 1...5, using: &generator)).map { _ in Self.anyText(&generator) }
    for (index, text) in calls.enumerated() {
      reader.begin(Self.block("c\(index)"), &transcript)
      for piece in Self.cut(text, &generator) { reader.piece(piece.span, &transcript) }
      reader.end(&transcript)
    }
    let expected = calls.enumerated().map { index, text in
      AnswerTranscript.Entry.call(id: "c\(index)", name: "f", arguments: text.isEmpty ? "{}" : text)
    }
    #expect(transcript.entries == expected)
    #expect(transcript.badPieces.isEmpty)
  }

  private static func anyText(_ generator: inout SeededGenerator) -> String {
    let alphabet: [Character] = ["a", "\"", "\\", "\n", "{", "}", "é", "日", "🎉", "\u{1}", "/", " ", "u", "d", "8"]
    return String(
      (0..<Int.random(in: 0...30, using: &generator)).map { _ in
        alphabet[Int.random(in: alphabet.indices, using: &generator)]
      })
  }

  /// The text as the inside of JSON strings: escaped one way or another, cut between escapes only.
  private static func cut(_ text: String, _ generator: inout SeededGenerator) -> [[UInt8]] {
    var pieces: [[UInt8]] = [[]]
    for unit in text.unicodeScalars.flatMap({ units($0, &generator) }) {
      if Int.random(in: 0..<3, using: &generator) == 0 { pieces.append([]) }
      pieces[pieces.count - 1] += unit
    }
    return pieces
  }

  private static func units(_ scalar: Unicode.Scalar, _ generator: inout SeededGenerator) -> [[UInt8]] {
    if Bool.random(using: &generator) {
      return Array(String(scalar).utf16).map { Array("\\u\(hex($0))".utf8) }
    }
    var escaped = ByteBuffer()
    JSONText.appendEscaped(String(scalar).utf8, to: &escaped)
    return [escaped.bytes]
  }

  private static func hex(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
