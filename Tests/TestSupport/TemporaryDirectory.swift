public import Glibc
import System

/// A directory of its own for each test, removed with everything in it.
public final class TemporaryDirectory: Sendable {
  public let path: String

  public init() {
    var template = Array("/tmp/claude-code-server-tests-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template) != nil
    precondition(made, "no temporary directory can be made")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a file and returns its path.
  @discardableResult
  public func write(_ text: String, to name: String, mode: mode_t = 0o600) -> String {
    let file = "\(path)/\(name)"
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    let bytes = Array(text.utf8)
    let count = unsafe Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
    precondition(count == bytes.count, "\(file) cannot be written")
    return file
  }

  /// Writes a program and returns its path.
  @discardableResult
  public func writeProgram(_ text: String, to name: String) -> String {
    Program.write(text, to: "\(path)/\(name)")
    return "\(path)/\(name)"
  }

  public func makeLink(_ name: String, to target: String) throws {
    guard unsafe symlink(target, "\(path)/\(name)") == 0 else { throw SystemCallError("symlink \(name)", code: errno) }
  }

  public func rename(_ name: String, to other: String) {
    let hasMoved = unsafe Glibc.rename("\(path)/\(name)", "\(path)/\(other)") == 0
    precondition(hasMoved, "\(name) cannot be renamed")
  }

  public func makeDirectory(_ name: String, mode: mode_t = 0o755) throws {
    // The second call does not ask the umask.
    guard unsafe mkdir("\(path)/\(name)", mode) == 0, unsafe chmod("\(path)/\(name)", mode) == 0 else {
      throw SystemCallError("mkdir \(name)", code: errno)
    }
  }

  /// What a file holds; nil if there is none.
  public func text(of name: String) -> String? {
    guard unsafe access("\(path)/\(name)", R_OK) == 0 else { return nil }
    return String(decoding: fileContents("\(path)/\(name)"), as: UTF8.self)
  }

  /// Removes the directory before the test's end.
  public func remove() { TemporaryDirectory.remove(path) }

  deinit { TemporaryDirectory.remove(path) }

  private static func remove(_ path: String) {
    var status = stat()
    if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, let directory = unsafe opendir(path) {
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
