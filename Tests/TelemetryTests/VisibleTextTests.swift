import Bytes
import Testing

@testable import Telemetry

struct VisibleTextTests {
  /// C1 controls, the no-break space, separators, marks of bidirectional text, the byte order mark.
  private static let hidden: [UInt32] =
    Array(0x80...0xA0) + [0x061C, 0x200E, 0x200F, 0x2028, 0x2029] + Array(0x202A...0x202E) + Array(0x2066...0x2069)
    + [0xFEFF]

  /// Their neighbours, and text of many scripts.
  private static let plain =
    "\u{A1}\u{FF}\u{61B}\u{61D}\u{200D}\u{2010}\u{2027}\u{202F}\u{2065}\u{206A}\u{FEFE}\u{FF00} é ü 日本語 🎉 עברית ﷼"

  private func line(_ format: LogFormat, _ message: String, _ value: String) -> String {
    let logger = Logger(level: .debug, format: format, now: { Timestamp(milliseconds: 0) }, write: { _ in })
    return String(decoding: logger.line(.info, message, ["k": .string(value)]), as: UTF8.self)
  }

  @Test("terminal control characters are escaped in messages, values and keys", arguments: LogFormat.allCases)
  func escaped(format: LogFormat) throws {
    for value in Self.hidden {
      let character = String(try #require(Unicode.Scalar(value)))
      let digits = String(value, radix: 16)
      let escape = "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      let line = line(format, "a\(character)b", "c\(character)d")
      #expect(!line.unicodeScalars.contains { $0.value == value })
      #expect(line.contains("a\(escape)b") && line.contains("c\(escape)d"))
    }
  }

  @Test("an escaped JSON line keeps its meaning")
  func meaning() throws {
    let text = String(String.UnicodeScalarView(Self.hidden.compactMap(Unicode.Scalar.init)))
    let value = try JSONValue(parsing: Array(line(.json, text, text).utf8.dropLast()))
    #expect(value["msg"]?.string == text)
    #expect(value["k"]?.string == text)
  }

  @Test("a pretty value with control characters is quoted")
  func quoted() {
    #expect(line(.pretty, "m", "/a\u{9B}31m") == "00:00:00.000 INFO  m k=\"/a\\u009b31m\"\n")
    #expect(line(.pretty, "m", "/é日本") == "00:00:00.000 INFO  m k=/é日本\n")
  }

  @Test("other text is unchanged", arguments: LogFormat.allCases)
  func untouched(format: LogFormat) {
    let line = line(format, Self.plain, Self.plain)
    #expect(line.ranges(of: Self.plain).count == 2)
  }
}
