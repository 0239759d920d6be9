import Glibc

/// Programs that a test writes and then starts.
public enum Program {
  /// Writes a program as a copy that another process makes; its owner may start it.
  ///
  /// The kernel starts no file that anybody has open for writing (`ETXTBSY`). A descriptor of this process is also held,
  /// for a moment, by every child that another thread starts meanwhile; one of the copying process is not.
  public static func write(_ text: String, to path: String) {
    let source = "\(path).text"
    let descriptor = unsafe open(source, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    let bytes = Array(text.utf8)
    let count = unsafe Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
    precondition(count == bytes.count, "\(source) cannot be written")
    let status = run("/usr/bin/install", ["-m", "700", source, path])
    precondition(status == 0, "\(path) cannot be written")
    unsafe unlink(source)
  }

  /// Runs a program to its end and returns its status.
  private static func run(_ program: String, _ arguments: [String]) -> Int32 {
    var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var child: pid_t = 0
    guard unsafe posix_spawn(&child, program, nil, nil, &words, environ) == 0 else { return -1 }
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}
