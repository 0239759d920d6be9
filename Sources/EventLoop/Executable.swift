import Glibc

/// Questions about program files.
public enum Executable {
  /// Whether `path` is a file this process may execute.
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return unsafe access(path, X_OK) == 0
  }

  /// What tells one version of a file from another at the same path.
  public struct Version: Hashable, Sendable {
    private let device: UInt
    private let inode: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    fileprivate init(_ status: stat) {
      device = UInt(status.st_dev)
      inode = UInt(status.st_ino)
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// The version of the file that `path` leads to, links followed; nil if there is none.
  public static func version(_ path: String) -> Version? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Version(status) : nil
  }
}
