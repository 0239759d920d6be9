import Glibc

/// The way down for one child, as a list of steps that ends when the child does.
@Reactor
public final class ChildTeardown {
  public enum Step: Sendable, Equatable {
    /// An idle CLI exits when its input ends.
    case closeInput
    /// SIGTERM: a CLI takes its tools with it.
    case terminate
    /// Gives the steps before this one time to work.
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
  /// For a child with nothing under way: it exits by itself when its input ends (35 ms), or is made to.
  public static func polite(timeout: Duration) -> [ChildTeardown.Step] {
    [.closeInput, .wait(timeout), .terminate, .wait(timeout), .killTree]
  }

  /// For a child in the middle of something: end of input alone does not stop it.
  public static func prompt(timeout: Duration) -> [ChildTeardown.Step] {
    [.closeInput, .terminate, .wait(timeout), .killTree]
  }

  public static let immediate: [ChildTeardown.Step] = [.killTree]
}
