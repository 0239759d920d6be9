import Glibc
import Synchronization

/// A file that lines are appended to, from any thread.
public final class AppendOnlyFile: Sendable {
  private let path: String
  private let descriptor: Lock<Int32>

  /// - Throws: when the file cannot be opened; it is made if it is not there (mode 0640).
  public init(path: String) throws(SystemCallError) {
    self.path = path
    descriptor = Lock(try AppendOnlyFile.open(path))
  }

  public func append(_ bytes: [UInt8]) {
    descriptor.withLock { ProcessControl.write(bytes, to: $0) }
  }

  /// Opens the path again: after the file was moved away, a new one begins. If that fails the old one goes on.
  public func reopen() throws(SystemCallError) {
    let fresh = try AppendOnlyFile.open(path)
    let old = descriptor.withLock { descriptor in
      defer { descriptor = fresh }
      return descriptor
    }
    close(old)
  }

  private static func open(_ path: String) throws(SystemCallError) -> Int32 {
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    return descriptor
  }

  deinit { close(descriptor.withLock { $0 }) }
}
