import Bytes
import TestSupport
import Testing

struct JSONValueTests {
  @Test("keys that differ only in Unicode normalisation are distinct")
  func normalization() throws {
    let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2,\"\u{212A}\":3,\"K\":4}")
    #expect(value.object?.members.map(\.value) == [1, 2, 3, 4])
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(value["K"] == 4)
  }

  @Test(
    "RFC 8259 documents are read and written back in their shortest form",
    arguments: [
      ("null", "null"), (" true ", "true"), ("\t\r\nfalse", "false"), ("0", "0"), ("-0", "-0"), ("1.50", "1.50"),
      ("1e5", "1e5"), ("1E+05", "1E+05"), ("-1.0e-10", "-1.0e-10"), ("\"\"", "\"\""), ("[]", "[]"), ("[ ]", "[]"),
      ("{}", "{}"), ("{ }", "{}"), ("[1 , 2,\n3]", "[1,2,3]"), (#"{"a" : {"b": [null]}}"#, #"{"a":{"b":[null]}}"#),
      (#"{"":1}"#, #"{"":1}"#), (#""\u0041\/""#, #""A/""#), (#"{"b":1,"a":2}"#, #"{"b":1,"a":2}"#),
      ("12345678901234567890123456789.10", "12345678901234567890123456789.10"), ("\"\u{7F}\"", "\"\u{7F}\""),
    ])
  func accepted(text: String, written: String) throws {
    #expect(try JSONValue(parsing: text).text == written)
  }

  @Test(
    "invalid documents are rejected",
    arguments: [
      "", " ", "nul", "nulll", "True", "TRUE", "truefalse", "01", "-01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+",
      "0x1",
      "1_000", "NaN", "Infinity", "-Infinity", "1 2", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "}",
      "{\"a\"",
      "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,\"a\":1}", "{\"a\" 1}", "{a:1}", "{'a':1}", "{1:1}",
      "{\"a\":1]", "{\"a\":1 \"b\":2}", "{\"a\":1}}", "[1]]", "\"a", "'a'", "\"\\x\"", "\"\n\"", "\"\t\"", "null null",
      "// c\n1", "/* c */ 1", "[1] x", "\u{FEFF}null", "\u{A0}1", "1\u{0}", "[\u{C}1]", "\"\\", "\"\\u12\"", "--1",
      "1e1.5",
    ])
  func refused(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
  }

  @Test(
    "invalid UTF-8 is rejected at any position", arguments: ["\"a?\"", "{\"?\":1}", "[?]", "?", "1?"])
  func invalidUTF8(pattern: String) {
    let bytes = pattern.utf8.map { $0 == UInt8(ascii: "?") ? 0xFF : $0 }
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes) }
  }

  @Test("an error has its reason and position")
  func errorPlaces() {
    #expect(throws: JSONSyntaxError("expected ',' or ']'", at: 3)) { try JSONValue(parsing: "[1 2]") }
    #expect(throws: JSONSyntaxError("expected ',' or '}'", at: 7)) { try JSONValue(parsing: "{\"a\":1 ]") }
    #expect(throws: JSONSyntaxError("something follows the document", at: 3)) { try JSONValue(parsing: "{} 1") }
    #expect(throws: JSONSyntaxError("unknown escape", at: 2)) { try JSONValue(parsing: #"[""# + #"\x"]"#) }
  }

  @Test(
    "limit: nesting depth of a document", arguments: [-1, 0, 1], ["[]", "[1]", "{}", "{\"k\":\"v\"}"])
  func depth(excess: Int, innermost: String) throws {
    let levels = JSONValue.maximumDepth + excess - 1
    for (open, close) in [("[", "]"), ("{\"k\":", "}")] {
      let text = String(repeating: open, count: levels) + innermost + String(repeating: close, count: levels)
      if excess > 0 {
        #expect(throws: JSONSyntaxError("nested too deeply", at: open.utf8.count * levels)) {
          try JSONValue(parsing: text)
        }
      } else {
        #expect(try JSONValue(parsing: text).text == text)
      }
    }
  }

  @Test("a hundred thousand brackets are rejected without a crash", arguments: ["[", "{\"a\":"])
  func bombs(open: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: String(repeating: open, count: 100_000)) }
  }

  @Test("a repeated key keeps its place and takes the last value")
  func duplicateKeys() throws {
    let value = try JSONValue(parsing: #"{"a":1,"b":2,"a":3,"\u0061":4}"#)
    #expect(value["a"] == 4)
    #expect(value.text == #"{"a":4,"b":2}"#)
  }

  @Test("a number keeps its text and converts to its value")
  func numbers() throws {
    #expect(try JSONValue(parsing: "42").int == 42)
    #expect(try JSONValue(parsing: "-9223372036854775808").int == .min)
    #expect(try JSONValue(parsing: "9223372036854775808").int == nil)
    #expect(try JSONValue(parsing: "1.5").int == nil)
    #expect(try JSONValue(parsing: "1.5").double == 1.5)
    #expect(try JSONValue(parsing: "0.10").text == "0.10")
    #expect(try JSONValue(parsing: "\"42\"").int == nil)
  }

  @Test("each kind of value has its own accessor only")
  func accessors() {
    let values: [JSONValue] = [nil, true, 1, "s", [1], ["k": 1]]
    #expect(values.map(\.isNull) == [true, false, false, false, false, false])
    #expect(values.map { $0.bool != nil } == [false, true, false, false, false, false])
    #expect(values.map { $0.int != nil } == [false, false, true, false, false, false])
    #expect(values.map { $0.string != nil } == [false, false, false, true, false, false])
    #expect(values.map { $0.array != nil } == [false, false, false, false, true, false])
    #expect(values.map { $0.object != nil } == [false, false, false, false, false, true])
    #expect(values.map { $0["k"] } == [nil, nil, nil, nil, nil, 1])
    #expect([JSONValue(nil), JSONValue("s" as String?), JSONValue(7)] == [.null, "s", 7])
  }

  @Test("members of an object are set, replaced in place and removed")
  func objectMembers() {
    var object = JSONObject()
    #expect(object.isEmpty)
    object["a"] = 1
    object["b"] = 2
    object["a"] = 3
    #expect(object.keys == ["a", "b"])
    object["a"] = nil
    object["none"] = nil
    #expect(JSONValue.object(object).text == #"{"b":2}"#)
  }

  @Test("written values read back the same", arguments: UInt64(1)...64)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let value = randomValue(depth: 0, &generator)
    #expect(try JSONValue(parsing: value.encoded) == value)
    #expect(!value.encoded.contains(Ascii.lineFeed))
    #expect(!value.encoded.contains(Ascii.carriageReturn))
  }

  private func randomValue(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth < 5 ? 7 : 5), using: &generator) {
    case 0: .null
    case 1: .bool(Bool.random(using: &generator))
    case 2: JSONValue(Int.random(in: .min ... .max, using: &generator))
    case 3: .number("\(Double.random(in: -1e9...1e9, using: &generator))")
    case 4: .string(randomText(&generator))
    case 5:
      .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in randomValue(depth: depth + 1, &generator) })
    default: .object(randomObject(depth: depth, &generator))
    }
  }

  private func randomObject(depth: Int, _ generator: inout SeededGenerator) -> JSONObject {
    var object = JSONObject()
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      object[randomText(&generator)] = randomValue(depth: depth + 1, &generator)
    }
    return object
  }

  private func randomText(_ generator: inout SeededGenerator) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
      let bound: UInt32 = [0x20, 0x80, 0x800, 0x11_0000].randomElement(using: &generator) ?? 0x80
      if let scalar = Unicode.Scalar(UInt32.random(in: 0..<bound, using: &generator)) { text.append(scalar) }
    }
    return String(text)
  }
}
