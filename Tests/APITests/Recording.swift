import Bytes
import Glibc
import Testing

/// Recorded output of the real CLI, line by line.
struct Recording: Sendable, CustomTestStringConvertible {
  let name: String
  let lines: [[UInt8]]

  var testDescription: String { name }

  /// - Parameter name: below `Tests/Fixtures`, without the extension.
  init(_ name: String) {
    self.name = name
    let bytes = fileContents("\(Recording.folder)/\(name).jsonl")
    lines = bytes.split(separator: Ascii.lineFeed).map(Array.init)
  }

  static let cli = [
    "cut-midstream", "error-401", "error-event-midstream", "interrupt", "max-tokens", "refusal", "retry-429",
    "surrogates", "text", "thinking", "tool-allowed", "tool-denied", "tools-parallel", "two-turns", "unknown-resume",
  ].map { Recording("cli-2.1.329/\($0)") }

  static let samples = ["partial", "plain", "sdkmode"].map { Recording("samples/\($0)") }

  static let all = cli + samples

  /// What a translation is to be, byte for byte.
  static func golden(_ name: String, _ form: String = "sse") -> String {
    String(decoding: fileContents("\(folder)/golden/\(name).\(form)"), as: UTF8.self)
  }

  private static let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures"
}

/// The bytes of a file that a test cannot do without.
func fileContents(_ path: String) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  precondition(descriptor >= 0, "there is no \(path)")
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 64 * 1024)
  while true {
    let count = unsafe read(descriptor, &part, part.count)
    guard count > 0 else { return bytes }
    bytes += part[..<count]
  }
}
