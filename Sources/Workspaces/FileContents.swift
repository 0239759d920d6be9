import Glibc
import System

/// Reads and writes small files as a whole.
public enum FileContents {
  public struct FileError: Error, Sendable, Equatable {
    public let reason: String

    init(code: Int32 = errno) { reason = unsafe String(cString: strerror(code)) }
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
    return try contents(of: descriptor)
  }

  private static func contents(of file: Int32) throws(FileError) -> [UInt8] {
    do {
      return try Descriptor.readAll(file)
    } catch {
      throw FileError(code: error.code)
    }
  }

  /// Ensures that a file with these bytes is in a directory of mode 0700, which is made if missing. A file with the
  /// same bytes is left alone; another one is replaced atomically. The file has mode 0600. A directory that another
  /// user owns or can read is refused: a file of theirs could be in the place of ours.
  static func keep(_ bytes: [UInt8], as name: String, in path: String) throws(FileError) {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError() }
    let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard directory >= 0 else { throw FileError() }
    defer { close(directory) }
    guard isOurs(directory) else { throw FileError("\(path) is not a directory of ours alone") }
    guard !holds(bytes, name, in: directory) else { return }
    let fresh = "\(name).new"
    unsafe unlinkat(directory, fresh, 0)
    let file = unsafe openat(directory, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw FileError() }
    defer { close(file) }
    do {
      try write(bytes, to: file)
    } catch {
      unsafe unlinkat(directory, fresh, 0)
      throw error
    }
    guard unsafe renameat(directory, fresh, directory, name) == 0 else { throw FileError() }
  }

  private static func holds(_ bytes: [UInt8], _ name: String, in directory: Int32) -> Bool {
    let file = unsafe openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { return false }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode == S_IFREG | 0o600, status.st_uid == geteuid(),
      Int(status.st_size) == bytes.count
    else { return false }
    return (try? contents(of: file)) == bytes
  }

  private static func write(_ bytes: [UInt8], to file: Int32) throws(FileError) {
    do {
      try Descriptor.write(bytes, to: file)
    } catch {
      throw FileError(code: error.code)
    }
  }

  private static func isOurs(_ directory: Int32) -> Bool {
    var status = stat()
    return unsafe fstat(directory, &status) == 0 && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
  }
}
