import Glibc
public import System

extension TranscriptFile {
  /// How deep the directory beside a transcript may nest; the CLI's own has two levels.
  static let maximumDepth = 16

  /// Removes a transcript and the session's directory beside it (subagents, long results of tools), off the loop.
  /// Missing files are no error. Links below the CLI's configuration directory are not followed but removed themselves.
  ///
  /// - Throws: `SystemCallError`, with `ENOTDIR` where the folder is a link.
  public static func remove(_ location: TranscriptLocation) async throws(SystemCallError) {
    let removed = await Task.detached { () -> Result<Void, SystemCallError> in
      Result { () throws(SystemCallError) in try removeAll(location) }
    }.value
    try removed.get()
  }

  static func removeAll(_ location: TranscriptLocation) throws(SystemCallError) {
    guard let folder = try openExistingFolder(location) else { return }
    defer { close(folder) }
    try remove(location.sessionID, in: folder, depth: 0)
    // Last: as long as the file exists, the removal can be requested again.
    try remove(location.file, in: folder, depth: 0)
  }

  private static func remove(_ name: String, in parent: Int32, depth: Int) throws(SystemCallError) {
    if unsafe unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
    guard errno == EISDIR else { throw SystemCallError("remove \(name)", code: errno) }
    guard depth < maximumDepth else { throw SystemCallError("remove \(name)", code: ELOOP) }
    let descriptor = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open \(name)", code: errno) }
    defer { close(descriptor) }
    for entry in try entries(of: descriptor) { try remove(entry, in: descriptor, depth: depth + 1) }
    guard unsafe unlinkat(parent, name, AT_REMOVEDIR) == 0 else {
      throw SystemCallError("remove \(name)", code: errno)
    }
  }

  /// The names in a directory.
  private static func entries(of descriptor: Int32) throws(SystemCallError) -> [String] {
    // The stream closes the descriptor it was given.
    let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard own >= 0, let directory = unsafe fdopendir(own) else {
      let code = errno
      if own >= 0 { close(own) }
      throw SystemCallError("read directory", code: code)
    }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let item = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &item.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
