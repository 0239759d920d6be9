import Glibc

/// How the process answers signals, as the real CLI does.
enum Signals {
  static func install() {
    // A vanished reader is noticed at write(2).
    _ = unsafe signal(SIGPIPE, SIG_IGN)
    _ = unsafe signal(SIGTERM) { _ in _exit(143) }
    // The real one says 0 here: exit codes lie.
    _ = unsafe signal(SIGINT) { _ in _exit(0) }
  }

  static func ignoreTermination() { _ = unsafe signal(SIGTERM, SIG_IGN) }
}
