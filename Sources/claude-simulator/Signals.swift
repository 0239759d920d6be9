import Glibc

/// How the process answers signals, as the real CLI does.
enum Signals {
  static func install() {
    // A vanished reader is noticed at write(2).
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGTERM) { _ in _exit(143) }
    // The real one says 0 here: exit codes lie.
    _ = signal(SIGINT) { _ in _exit(0) }
  }

  static func ignoreTermination() { _ = signal(SIGTERM, SIG_IGN) }

  /// Stays until a signal ends the process.
  static func waitForOne() -> Never { while true { pause() } }
}
