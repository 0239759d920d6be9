import Glibc

/// Programs that stand in for the CLI.
enum StandInCLI {
  /// The simulator of this package, beside the test bundle.
  static var simulator: String {
    get throws {
      var buffer = [CChar](repeating: 0, count: 4096)
      let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
      let bundle = String(decoding: buffer[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let path = bundle.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/claude-simulator"
      guard unsafe access(path, X_OK) == 0 else { throw Missing(path: path) }
      return path
    }
  }

  struct Missing: Error, CustomStringConvertible {
    let path: String
    var description: String { "there is no \(path): swift build --product claude-simulator" }
  }

  /// A shell script.
  static func script(_ body: String, in directory: TemporaryDirectory) -> String {
    directory.write("#!/bin/sh\n\(body)\n", to: "claude", mode: 0o700)
  }

  /// A program that prints these lines when it has read what a run sends at its start, and ends.
  static func printing(_ lines: [String], exit status: Int = 0, in directory: TemporaryDirectory) -> String {
    directory.write(lines.map { "\($0)\n" }.joined(), to: "lines")
    return script("read -r _; read -r _; cat '\(directory.path)/lines'; exit \(status)", in: directory)
  }
}

/// A program that says what the test tells it to, when it tells it to.
final class LiveCLI {
  let path: String
  private var descriptor: Int32

  /// - Parameter prelude: shell commands before it listens.
  init(in directory: TemporaryDirectory, prelude: String = "") {
    let pipe = "\(directory.path)/pipe"
    unsafe mkfifo(pipe, 0o600)
    // Open for both: it need not wait for the other end.
    descriptor = unsafe open(pipe, O_RDWR | O_CLOEXEC)
    precondition(descriptor >= 0, "no pipe")
    path = StandInCLI.script("\(prelude)\nexec cat '\(pipe)'", in: directory)
  }

  func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    let count = unsafe write(descriptor, bytes, bytes.count)
    precondition(count == bytes.count, "the pipe took only a part")
  }

  deinit { close(descriptor) }
}
