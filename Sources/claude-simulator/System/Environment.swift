import Glibc

/// The variables of the process.
enum Environment {
  static subscript(name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// `$CLAUDE_CONFIG_DIR`, or `~/.claude`.
  static var configurationDirectory: String {
    Environment["CLAUDE_CONFIG_DIR"] ?? (Environment["HOME"] ?? "/root") + "/.claude"
  }

  /// The path of the running program.
  static var program: String {
    guard let path = unsafe realpath("/proc/self/exe", nil) else { return "/proc/self/exe" }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  static var workingDirectory: String {
    guard let path = unsafe getcwd(nil, 0) else { return "/" }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }
}
