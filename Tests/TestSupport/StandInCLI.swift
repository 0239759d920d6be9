import Glibc

/// Programs that stand in for the CLI.
public enum StandInCLI {
  /// The simulator of this package, beside the test bundle.
  public static var simulator: String {
    get throws {
      var buffer = [CChar](repeating: 0, count: 4096)
      let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
      let bundle = String(decoding: buffer[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let path = bundle.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/claude-simulator"
      guard unsafe access(path, X_OK) == 0 else { throw Missing(path: path) }
      return path
    }
  }

  public struct Missing: Error, CustomStringConvertible {
    let path: String
    public var description: String { "there is no \(path): swift build --product claude-simulator" }
  }

  /// A shell script.
  public static func script(_ body: String, in directory: TemporaryDirectory) -> String {
    directory.writeProgram("#!/bin/sh\n\(body)\n", to: "claude")
  }

  /// A program that prints these lines when it has read what a run sends at its start, and ends.
  public static func printing(_ lines: [String], exit status: Int = 0, in directory: TemporaryDirectory) -> String {
    directory.write(lines.map { "\($0)\n" }.joined(), to: "lines")
    return script("read -r _; read -r _; cat '\(directory.path)/lines'; exit \(status)", in: directory)
  }
}
