import Foundation

/// A directory of one server's own: home, configuration, workspaces, scratch.
struct TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = "\(NSTemporaryDirectory())/claude-code-server-test-\(UUID().uuidString)"
    for name in ["", "home", "config", "base", "tmp"] {
      try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }
  }

  var workspaces: String { "\(path)/base" }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
  }

  /// Everything below it, by relative path.
  func contents() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
