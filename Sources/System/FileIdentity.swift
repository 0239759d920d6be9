import CLinux
import Glibc

/// A file by device and inode: two paths with the same identity lead to the same file.
public struct FileIdentity: Equatable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// The working directory of a process; nil if the process is gone.
  public init?(ofWorkingDirectoryOf pid: Int32) {
    let descriptor = unsafe Glibc.open("/proc/\(pid)/cwd", clinux_o_path | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    self.init(consuming: descriptor)
  }

  /// A directory.
  ///
  /// - Parameter base: the directory that it must lie below, without a link in between; nil for no such limit.
  public init?(ofDirectory path: String, below base: String?) {
    let descriptor: Int32
    if let base {
      guard let contained = try? ContainedDirectory.open(path, below: base) else { return nil }
      descriptor = contained
    } else {
      descriptor = unsafe Glibc.open(path, clinux_o_path | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
    }
    self.init(consuming: descriptor)
  }

  /// Closes the descriptor.
  private init?(consuming descriptor: Int32) {
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}
