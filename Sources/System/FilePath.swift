import Glibc

/// Checks paths.
public enum FilePath {
  /// The path with links resolved.
  public static func resolved(_ path: String) throws(SystemCallError) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw SystemCallError("realpath") }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// Whether this process may read the file.
  public static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

  /// Whether the file's mode lets users read it that are neither its owner nor in its group.
  public static func isReadableByOthers(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IROTH != 0
  }
}
