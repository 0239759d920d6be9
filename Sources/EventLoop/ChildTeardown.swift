import Glibc

/// The teardown of one child: a list of steps that ends when the child does.
@Reactor
public final class ChildTeardown {
  public enum Step: Sendable, Equatable {
    /// An idle CLI exits when its input ends.
    case closeInput
    /// SIGTERM: a CLI takes its tools with it.
    case terminate
    /// Gives the earlier steps time to work.
    case wait(Duration)
    /// SIGKILL for the child and each process below it.
    case killTree
  }

  private unowned let child: ChildProcess
  private var remaining: ArraySlice<Step>
  private let scheduler: any Scheduler
  private var timer: (any ScheduledTimer)?

  init(_ child: ChildProcess, _ steps: [Step], _ scheduler: any Scheduler) {
    self.child = child
    self.remaining = steps[...]
    self.scheduler = scheduler
  }

  func proceed() {
    while let step = remaining.popFirst() {
      switch step {
      case .closeInput: child.closeInput()
      case .terminate:
        child.noteFamily()
        child.signal(SIGTERM)
      case .killTree: child.killTree()
      case .wait(let duration):
        timer = scheduler.schedule(after: duration) { [weak self] in self?.proceed() }
        return
      }
    }
  }

  func cancel() {
    timer?.cancel()
    remaining = []
  }
}

extension [ChildTeardown.Step] {
  /// For an idle child: it exits when its input ends (35 ms), or is forced to.
  public static func polite(timeout: Duration) -> [ChildTeardown.Step] {
    [.closeInput, .wait(timeout), .terminate, .wait(timeout), .killTree]
  }

  /// For a busy child, which the end of input alone does not stop.
  public static func prompt(timeout: Duration) -> [ChildTeardown.Step] {
    [.closeInput, .terminate, .wait(timeout), .killTree]
  }

  public static let immediate: [ChildTeardown.Step] = [.killTree]
}
