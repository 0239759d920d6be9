import Glibc
import Testing

@testable import Workspaces

/// A directory of its own for each test, removed with everything in it.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/claude-code-server-tests-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template) != nil
    precondition(made, "no temporary directory can be made")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func write(_ text: String, to name: String) throws {
    try FileContents.write(Array(text.utf8), to: "\(path)/\(name)", directory: path)
  }

  func makeLink(_ name: String, to target: String) throws {
    try #require(unsafe symlink(target, "\(path)/\(name)") == 0)
  }

  func makeDirectory(_ name: String, mode: mode_t = 0o755) throws {
    try #require(unsafe mkdir("\(path)/\(name)", mode) == 0)
    try #require(unsafe chmod("\(path)/\(name)", mode) == 0)
  }

  deinit { TemporaryDirectory.remove(path) }

  private static func remove(_ path: String) {
    if FileStatus(path)?.kind == .directory, let directory = unsafe opendir(path) {
      while let item = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &item.pointee.d_name) { pointer in
          unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name != "." && name != ".." { remove("\(path)/\(name)") }
      }
      unsafe closedir(directory)
    }
    unsafe Glibc.remove(path)
  }
}

/// What stands at a path, links not followed.
struct FileStatus: Equatable {
  enum Kind { case directory, file, link, other }

  let kind: Kind
  let mode: mode_t

  /// Nil if there is nothing.
  init?(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    mode = status.st_mode & 0o777
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFREG: .file
      case S_IFLNK: .link
      default: .other
      }
  }

  init(_ kind: Kind, _ mode: mode_t) {
    self.kind = kind
    self.mode = mode
  }
}
