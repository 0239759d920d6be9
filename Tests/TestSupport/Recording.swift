import Bytes

/// Recorded output of the real CLI, line by line.
public struct Recording: Sendable, CustomStringConvertible {
  public let name: String
  public let lines: [[UInt8]]

  public var description: String { name }

  /// - Parameter name: below `Tests/Fixtures`, without the extension.
  public init(_ name: String) {
    self.name = name
    let bytes = fileContents("\(Recording.folder)/\(name).jsonl")
    lines = bytes.split(separator: Ascii.lineFeed).map(Array.init)
    precondition(!lines.isEmpty, "\(name) is empty")
  }

  public static let cli = [
    "cut-midstream", "error-401", "error-event-midstream", "interrupt", "max-tokens", "refusal", "retry-429",
    "surrogates", "text", "thinking", "tool-allowed", "tool-denied", "tools-parallel", "two-turns", "unknown-resume",
  ].map { Recording("cli-2.1.329/\($0)") }

  /// Turns with functions of the client that end well.
  public static let functions = ["after-text", "beside-bash", "empty", "one", "parallel", "structured"].map {
    Recording("cli-2.1.329/functions-\($0)")
  }

  public static let samples = ["partial", "plain", "sdkmode"].map { Recording("samples/\($0)") }

  public static let all = cli + functions + samples

  /// What a translation is to be, byte for byte.
  public static func golden(_ name: String, _ form: String = "sse") -> String {
    String(decoding: fileContents("\(folder)/golden/\(name).\(form)"), as: UTF8.self)
  }

  private static let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures"
}
