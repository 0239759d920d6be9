import Bytes
import Synchronization
import Telemetry
import Testing

struct LoggerTests {
  private static let moment = Timestamp(milliseconds: 1_795_235_530_007)

  @Test("a JSON line is one object with time, level, message and fields in order")
  func jsonLine() {
    let sink = Sink()
    logger(.json, sink).with("requestID", "r-1").info("listening", ["port": 3000, "tags": ["a", nil]])
    #expect(
      sink.lines == [
        #"{"time":"2026-11-21T04:32:10.007Z","level":"info","msg":"listening","requestID":"r-1","port":3000,"#
          + #""tags":["a",null]}"# + "\n"
      ])
  }

  @Test(
    "a pretty line has time, level in five columns, message and fields",
    arguments: [(LogLevel.debug, "DEBUG "), (.info, "INFO  "), (.warn, "WARN  "), (.error, "ERROR ")])
  func prettyLine(level: LogLevel, column: String) {
    let sink = Sink()
    logger(.pretty, sink).with("run", "7f").log(level, "turn ended", ["ms": 12, "ok": true])
    #expect(sink.lines == ["04:32:10.007 \(column)turn ended run=7f ms=12 ok=true\n"])
  }

  @Test(
    "an ambiguous pretty value is quoted",
    arguments: [
      ("plain", "plain"), ("/a=b", "/a=b"), ("é", "é"), ("", #""""#), ("two words", #""two words""#),
      ("a\"b", #""a\"b""#), ("a\nb", #""a\nb""#), ("a\u{1B}[31m", #""a\u001b[31m""#), ("a\u{7F}", "\"a\u{7F}\""),
    ])
  func quoting(value: String, expected: String) {
    let sink = Sink()
    logger(.pretty, sink).info("m", ["k": .string(value)])
    #expect(sink.lines == ["04:32:10.007 INFO  m k=\(expected)\n"])
  }

  @Test(
    "line ends in messages and values cannot forge a line", arguments: LogFormat.allCases,
    ["\n", "\r", "\r\n", "\u{0}"])
  func forgery(format: LogFormat, lineEnd: String) throws {
    let sink = Sink()
    let forged = "x\(lineEnd)04:32:10.007 ERROR forged"
    logger(format, sink).warn(forged, ["value": .string(forged)])
    let line = try #require(sink.lines.first)
    #expect(sink.lines.count == 1)
    #expect(line.utf8.filter { $0 < 0x20 } == [Ascii.lineFeed])
    #expect(line.utf8.last == Ascii.lineFeed)
  }

  @Test("a control byte in a pretty message is shown as a question mark")
  func visibleMessage() {
    let sink = Sink()
    logger(.pretty, sink).info("a\nb\u{1B}[0m\u{7F}é")
    #expect(sink.lines == ["04:32:10.007 INFO  a?b?[0m?é\n"])
  }

  @Test("lines below the level are not built", arguments: LogLevel.allCases, LogLevel.allCases)
  func levels(own: LogLevel, line: LogLevel) {
    let sink = Sink()
    let made = Mutex(0)
    let logger = Logger(level: own, format: .json, now: { Self.moment }, write: sink.take)
    logger.log(
      line,
      made.withLock {
        $0 += 1; return "made"
      })
    let isExpected = line.rawValue >= own.rawValue
    #expect(sink.lines.count == (isExpected ? 1 : 0))
    #expect(made.withLock { $0 } == (isExpected ? 1 : 0))
    #expect(logger.isEnabled(line) == isExpected)
  }

  @Test("each method logs at its own level")
  func methods() {
    let sink = Sink()
    let logger = logger(.pretty, sink)
    logger.debug("m")
    logger.info("m")
    logger.warn("m")
    logger.error("m")
    #expect(sink.lines.map { $0.dropFirst(13).prefix(5) } == ["DEBUG", "INFO ", "WARN ", "ERROR"])
  }

  @Test("a field added to a copy stays with the copy; a repeated JSON field takes the last value")
  func copies() {
    let sink = Sink()
    let original = logger(.json, sink)
    original.with("a", 1).with("a", 2).info("copy", ["a": 3])
    original.info("original")
    let start = #"{"time":"2026-11-21T04:32:10.007Z","level":"info","msg":"#
    #expect(sink.lines == [start + "\"copy\",\"a\":3}\n", start + "\"original\"}\n"])
  }

  @Test(
    "a level is found by its name in any case",
    arguments: [
      ("debug", .debug), ("INFO", .info), ("Warn", .warn), ("error", .error), ("warning", nil), ("", nil),
    ] as [(String, LogLevel?)])
  func names(name: String, level: LogLevel?) {
    #expect(LogLevel(name: name) == level)
  }

  private func logger(_ format: LogFormat, _ sink: Sink) -> Logger {
    Logger(level: .debug, format: format, now: { Self.moment }, write: sink.take)
  }

  private final class Sink: Sendable {
    private let taken = Mutex<[[UInt8]]>([])

    var lines: [String] { taken.withLock { $0.map { String(decoding: $0, as: UTF8.self) } } }

    @Sendable func take(_ line: [UInt8]) { taken.withLock { $0.append(line) } }
  }
}
