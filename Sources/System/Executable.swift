import Glibc

/// Checks program files.
public enum Executable {
  /// Whether `path` is a file this process may execute.
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return unsafe access(path, X_OK) == 0
  }
}
