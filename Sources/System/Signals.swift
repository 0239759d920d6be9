import CLinux
import Glibc

/// Signals of this process, received by waiting for them.
public struct Signals: Sendable {
  public enum Signal: Int32, Sendable, CaseIterable {
    case hangUp = 1
    case interrupt = 2
    case terminate = 15
  }

  /// Blocks the signals, which then only wake `next`. To be called before any thread is started, because threads
  /// inherit the mask; children do not. SIGPIPE is ignored: a reader that has gone is an error of the write.
  public static func takeOver() -> Signals {
    signal(SIGPIPE, SIG_IGN)
    var set = wanted
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    return Signals()
  }

  private static var wanted: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in Signal.allCases { unsafe sigaddset(&set, signal.rawValue) }
    return set
  }

  /// Waits for the next signal.
  public func next() -> Signal {
    var set = Signals.wanted
    var number: Int32 = 0
    while true {
      if unsafe sigwait(&set, &number) == 0, let signal = Signal(rawValue: number) { return signal }
    }
  }
}
