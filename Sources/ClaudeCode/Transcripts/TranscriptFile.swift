import EventLoop
import Glibc
public import System

/// Writes transcripts where the CLI finds them.
public enum TranscriptFile {
  /// Writes `transcript` for a CLI that has not been started: it looks for the file within its first tenths of a
  /// second.
  ///
  /// - Parameter newID: makes a UUID, one for each line.
  /// - Throws: when the file cannot be made or exists (`EEXIST`). No part of it is left.
  public static func write(
    _ transcript: Transcript, in context: Transcript.Context, to location: TranscriptLocation, newID: () -> String
  ) async throws(SystemCallError) {
    let ids = (0..<transcript.lineCount).map { _ in newID() }
    let written = await OffLoop.shared.run(on: transcript.size) { () -> Result<Void, SystemCallError> in
      Result { () throws(SystemCallError) in try write(transcript.encoded(in: context, ids: ids), to: location) }
    }
    try written.get()
  }

  /// Makes a file of mode 0600; missing directories get mode 0700. Neither the folder nor the file may be a link.
  static func write(_ bytes: [UInt8], to location: TranscriptLocation) throws(SystemCallError) {
    let folder = try openFolder(location)
    defer { close(folder) }
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = unsafe openat(folder, location.file, flags, 0o600)
    guard descriptor >= 0 else { throw SystemCallError("open transcript", code: errno) }
    defer { close(descriptor) }
    do throws(SystemCallError) {
      try Descriptor.write(bytes, to: descriptor)
    } catch {
      unsafe unlinkat(folder, location.file, 0)
      throw error
    }
  }

  private static func openFolder(_ location: TranscriptLocation) throws(SystemCallError) -> Int32 {
    let path = "\(location.root)/\(location.folder)"
    for directory in [location.configuration, location.root, path] {
      guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
        throw SystemCallError("make transcript folder", code: errno)
      }
    }
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open transcript folder", code: errno) }
    return descriptor
  }
}
