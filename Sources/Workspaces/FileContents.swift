import Glibc

/// Whole small files, read and written at once.
public enum FileContents {
  public struct FileError: Error, Sendable, Equatable {
    public let reason: String

    init() { reason = unsafe String(cString: strerror(errno)) }
    init(_ reason: String) { self.reason = reason }
  }

  /// The file's bytes; nil if there is none.
  public static func read(_ path: String) throws(FileError) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw FileError()
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe Glibc.read(descriptor, &part, part.count)
      guard count >= 0 else { throw FileError() }
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: part[..<count])
    }
  }

  /// Writes a file of mode 0600 into a directory of mode 0700, both made if missing. A directory that somebody else
  /// owns, or may look into, is refused: a file of theirs could stand where ours is expected.
  static func write(_ bytes: [UInt8], to path: String, directory: String) throws(FileError) {
    guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw FileError() }
    guard isOurs(directory) else { throw FileError("\(directory) is not a directory of ours alone") }
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError() }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw FileError() }
      rest = rest.dropFirst(count)
    }
  }

  private static func isOurs(_ directory: String) -> Bool {
    var status = stat()
    return unsafe lstat(directory, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
      && status.st_mode & 0o077 == 0
  }

  static func removeDirectory(_ path: String) {
    guard let directory = unsafe opendir(path) else { return }
    while let item = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &item.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { unsafe unlink("\(path)/\(name)") }
    }
    unsafe closedir(directory)
    unsafe rmdir(path)
  }
}
