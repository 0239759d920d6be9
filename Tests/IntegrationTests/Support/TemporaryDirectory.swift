import Foundation
import TestSupport

/// A directory of one server's own: home, configuration, workspaces, scratch.
struct TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = "/tmp/claude-code-server-test-\(UUID().uuidString)"
    for name in ["", "home", "config", "base", "tmp"] {
      try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }
  }

  var workspaces: String { "\(path)/base" }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
  }

  func writeProgram(_ text: String, to name: String) { Program.write(text, to: "\(path)/\(name)") }

  /// Puts a symbolic link there, and the directories it needs.
  func link(_ name: String, to target: String) throws {
    let link = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: target)
  }

  /// Everything below it, by relative path.
  func contents() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
