import Foundation

/// The package's programs, as built beside the tests.
enum Binaries {
  struct Missing: Error, CustomStringConvertible {
    let path: String

    var description: String { "\(path) is not there: build it with `swift build --build-tests`" }
  }

  static func server() throws -> String { try path(of: "claude-code-server") }
  static func simulator() throws -> String { try path(of: "claude-simulator") }

  private static func path(of name: String) throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(name).path
    guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(path: path) }
    return path
  }
}
