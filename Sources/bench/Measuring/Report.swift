import Glibc

/// Prints rows as they are measured and remembers those that miss their target.
final class Report {
  private let print: (String) -> Void
  private var targets = 0
  private var missed: [String] = []

  init(print: @escaping (String) -> Void) { self.print = print }

  func add(_ rows: [Row]) {
    for row in rows { print(row.line) }
    targets += rows.count { $0.isMet != nil }
    missed += rows.filter { $0.isMet == false }.map(\.name)
  }

  /// - Throws: `BenchFailure` with the names of the rows that missed their target.
  func check() throws {
    guard !missed.isEmpty else { return }
    throw BenchFailure("\(missed.count) of \(targets) targets missed: " + missed.joined(separator: "; "))
  }
}

/// Standard output and standard error. Each line is written at once, to a pipe too.
enum Terminal {
  static func print(_ line: String) { write(line, to: STDOUT_FILENO) }

  static func printError(_ line: String) { write(line, to: STDERR_FILENO) }

  private static func write(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe Glibc.write(descriptor, bytes, bytes.count)
  }
}
