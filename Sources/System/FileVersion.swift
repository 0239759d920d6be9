import Glibc

/// Distinguishes the versions of a file at one path.
public struct FileVersion: Hashable, Sendable {
  private let device: UInt
  private let inode: UInt
  /// In bytes.
  public let size: Int
  private let seconds: Int
  private let nanoseconds: Int
  /// When its content or metadata changed last. Its owner can set the modification time, but not this one.
  private let changed: [Int]

  private init(_ status: stat) {
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
    size = Int(status.st_size)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
    changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
  }

  /// The version of the file that `path` leads to, links followed; nil if there is none.
  public static func of(_ path: String) -> FileVersion? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? FileVersion(status) : nil
  }

  /// Whether it may be `older` with something appended.
  public func continues(_ older: FileVersion) -> Bool {
    device == older.device && inode == older.inode && size >= older.size
  }
}
