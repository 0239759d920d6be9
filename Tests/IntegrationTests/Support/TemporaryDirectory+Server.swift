import Foundation
import TestSupport

extension TemporaryDirectory {
  /// A directory for one server: home, configuration, workspaces, scratch.
  static func forServer() throws -> TemporaryDirectory {
    let directory = TemporaryDirectory()
    for name in ["home", "config", "base", "tmp"] { try directory.makeDirectory(name) }
    return directory
  }

  var workspaces: String { "\(path)/base" }

  /// Puts a symbolic link there, and the directories it needs.
  func link(_ name: String, to target: String) throws {
    let link = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: target)
  }

  /// Everything below it, by relative path.
  func contents() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }
}
