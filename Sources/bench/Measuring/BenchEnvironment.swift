import Glibc

/// The programs beside bench, and a temporary directory.
final class BenchEnvironment {
  let directory: String
  private let programs: String

  init() throws {
    var template = Array("/tmp/claude-code-server-bench-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw BenchFailure(call: "mkdtemp") }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let path = unsafe realpath("/proc/self/exe", nil) else { throw BenchFailure(call: "realpath") }
    defer { unsafe free(path) }
    programs = unsafe String(cString: path).split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
  }

  func program(_ name: String) -> String { "\(programs)/\(name)" }

  /// Removes the directory with its content.
  func removeDirectory() throws {
    let remove = try Program("/bin/rm", ["-rf", directory], environment: [:])
    remove.wait()
  }
}

/// Why a measurement failed, or which targets were missed.
struct BenchFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// A failed system call, with the number in `errno`.
  init(call: String) { description = "\(call) failed: error \(errno)" }
}
