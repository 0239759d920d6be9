public import Bytes

/// The severity of a log line. A logger drops lines below its own level.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case debug
  case info
  case warn
  case error

  public var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warn: "warn"
    case .error: "error"
    }
  }

  public init?(name: String) {
    guard let level = LogLevel.allCases.first(where: { $0.name == name.lowercased() }) else { return nil }
    self = level
  }

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// The shape of a log line.
public enum LogFormat: String, Sendable, CaseIterable {
  /// For people: time, level, message, `key=value`.
  case pretty
  /// For machines: one JSON object per line.
  case json
}

/// Writes log lines. A value: copies may add their own fields and share the destination.
public struct Logger: Sendable {
  public typealias Fields = KeyValuePairs<String, JSONValue>

  private let level: LogLevel
  private let format: LogFormat
  private let now: @Sendable () -> Timestamp
  private let write: @Sendable ([UInt8]) -> Void
  private var context: [(String, JSONValue)] = []

  /// - Parameters:
  ///   - now: the wall clock.
  ///   - write: takes one line with its line end; called from any thread.
  public init(
    level: LogLevel, format: LogFormat, now: @escaping @Sendable () -> Timestamp,
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.level = level
    self.format = format
    self.now = now
    self.write = write
  }

  /// A logger that drops everything.
  public static let silent = Logger(
    level: .error, format: .json, now: { Timestamp(milliseconds: 0) }, write: { _ in })

  /// The same logger with a field that every line carries.
  public func with(_ key: String, _ value: JSONValue) -> Logger {
    var copy = self
    copy.context.append((key, value))
    return copy
  }

  public func isEnabled(_ level: LogLevel) -> Bool { level >= self.level }

  public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
    log(.debug, message(), fields())
  }
  public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
    log(.info, message(), fields())
  }
  public func warn(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
    log(.warn, message(), fields())
  }
  public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
    log(.error, message(), fields())
  }

  public func log(_ level: LogLevel, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
    guard level >= self.level else { return }
    write(line(level, message(), fields()))
  }

  /// A formatted line, whatever the logger's level.
  public func line(_ level: LogLevel, _ message: String, _ fields: Fields) -> [UInt8] {
    let fields = context + fields.map { ($0.key, $0.value) }
    var line = ByteBuffer()
    switch format {
    case .json: Logger.appendJSON(now(), level, message, fields, to: &line)
    case .pretty: Logger.appendPretty(now(), level, message, fields, to: &line)
    }
    line.append(Ascii.lineFeed)
    return VisibleText.escaped(line.bytes)
  }

  private static func appendJSON(
    _ time: Timestamp, _ level: LogLevel, _ message: String, _ fields: [(String, JSONValue)],
    to line: inout ByteBuffer
  ) {
    var object = JSONObject()
    object["time"] = .string(time.iso8601)
    object["level"] = .string(level.name)
    object["msg"] = .string(message)
    for (key, value) in fields { object[key] = value }
    JSONValue.object(object).write(to: &line)
  }

  private static func appendPretty(
    _ time: Timestamp, _ level: LogLevel, _ message: String, _ fields: [(String, JSONValue)],
    to line: inout ByteBuffer
  ) {
    line.append("\(time.timeOfDay) \(level.name.uppercased())\(level.name.count == 4 ? " " : "") ")
    appendVisible(message, to: &line)
    for (key, value) in fields {
      line.append(" \(key)=")
      // A string with blanks, quotes, control or hidden characters is quoted, so that a value never looks like two fields.
      if case .string(let text) = value, text.utf8.allSatisfy({ $0 > 0x20 && $0 != Ascii.quote && $0 != 0x7F }),
        !text.isEmpty, !VisibleText.isNeeded(text)
      {
        line.append(text)
      } else {
        value.write(to: &line)
      }
    }
  }

  // A message may quote a client: a line end in it must not begin a forged log line.
  private static func appendVisible(_ text: String, to line: inout ByteBuffer) {
    for byte in text.utf8 { line.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: "?") : byte) }
  }
}
