import Glibc

/// Questions about paths.
public enum FilePath {
  /// The path without links.
  public static func resolved(_ path: String) throws(SystemCallError) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw SystemCallError("realpath") }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}
