import Bytes
import Glibc
public import System

extension TranscriptFile {
  /// The longest transcript that is read, in bytes.
  public static let maximumLength = 32 * 1024 * 1024

  /// The bytes of a transcript, read off the loop; nil if there is none. The last line may be incomplete: the CLI may
  /// be writing it.
  ///
  /// - Parameter offset: where to begin.
  /// - Throws: `SystemCallError`; `transcriptTooLong` for more than `maximumLength`.
  public static func contents(
    of location: TranscriptLocation, from offset: Int = 0
  ) async throws(SystemCallError) -> [UInt8]? {
    let contents = await Task.detached { () -> Result<[UInt8]?, SystemCallError> in
      Result { () throws(SystemCallError) in try read(location, from: offset) }
    }.value
    return try contents.get()
  }

  /// Neither the folder nor the file may be a link.
  static func read(_ location: TranscriptLocation, from offset: Int = 0) throws(SystemCallError) -> [UInt8]? {
    guard let folder = try openExistingFolder(location) else { return nil }
    defer { close(folder) }
    let descriptor = unsafe openat(folder, location.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0, errno == ENOENT { return nil }
    guard descriptor >= 0 else { throw SystemCallError("open transcript", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemCallError("look at transcript", code: errno) }
    let count = Int(status.st_size) - offset
    guard count <= maximumLength else { throw SystemCallError.transcriptTooLong }
    return try read(descriptor, max(0, count), from: offset)
  }

  /// Bytes that are appended meanwhile are not read, or reading might never end.
  private static func read(_ descriptor: Int32, _ count: Int, from offset: Int) throws(SystemCallError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let read = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress?.advanced(by: filled), count - filled, offset + filled)
      }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw SystemCallError("read transcript", code: errno) }
      guard read > 0 else { break }
      filled += read
    }
    return filled < count ? Array(bytes[..<filled]) : bytes
  }

  /// Links are followed up to the CLI's configuration directory and nowhere below it. Nil if there is no such folder.
  static func openExistingFolder(_ location: TranscriptLocation) throws(SystemCallError) -> Int32? {
    guard let configuration = try openDirectory(location.configuration, in: AT_FDCWD, 0) else { return nil }
    defer { close(configuration) }
    guard let root = try openDirectory("projects", in: configuration, O_NOFOLLOW) else { return nil }
    defer { close(root) }
    return try openDirectory(location.folder, in: root, O_NOFOLLOW)
  }

  private static func openDirectory(
    _ name: String, in parent: Int32, _ flags: Int32
  ) throws(SystemCallError) -> Int32? {
    let descriptor = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)
    if descriptor < 0, errno == ENOENT { return nil }
    guard descriptor >= 0 else { throw SystemCallError("open transcript folder", code: errno) }
    return descriptor
  }
}

extension SystemCallError {
  public static let transcriptTooLong = SystemCallError("read transcript", code: EFBIG)
}
