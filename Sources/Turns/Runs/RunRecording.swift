import Bytes
package import ClaudeCode
package import EventLoop

/// What a run says from its beginning (or from where it went on), kept so that a request which is repeated gets the same
/// answer. It does not keep the run alive.
@Reactor
package final class RunRecording: RunObserver {
  private enum Event {
    case line(StreamMessage, [UInt8])
    case question(PermissionQuestion)
  }

  package var run: Run { ended ?? live }
  /// Unowned while it goes on: then it holds this, and the executor holds it. Not weak, which would slow down every
  /// access to it.
  private unowned let live: Run
  private var ended: Run?
  /// Whether it begins with its turn.
  package let isWholeTurn: Bool
  /// Where all of it is kept already; nil where it is not.
  package let journal: RunJournal?
  private var events: [Event] = []
  private var outcome: RunOutcome?
  /// How many bytes of lines the run has said.
  private var bytes = 0
  private let capacity: Int
  /// Bytes since `onGrowth` was called last.
  private var unreported = 0
  private let onGrowth: @Reactor () -> Void
  /// Nil once it was called.
  private var onEnd: (@Reactor (RunRecording) -> Void)?

  /// Whether the run goes on still, and whoever joins is one of those it goes on for.
  package var isLive: Bool { outcome == nil }

  /// Whether the agent has not been at work, so that a repetition is to run.
  package var mayRunAgain: Bool { if case .failed(let error) = outcome { !error.reachedCLI } else { false } }

  /// - Parameters:
  ///   - capacity: how many bytes of lines are kept; a run that says more cannot be repeated.
  ///   - onGrowth: called from time to time as more is kept.
  ///   - onEnd: called when the run has ended, or waits for its client.
  package init(
    _ run: Run, isWholeTurn: Bool, journal: RunJournal? = nil, capacity: Int,
    onGrowth: @escaping @Reactor () -> Void = {}, onEnd: @escaping @Reactor (RunRecording) -> Void
  ) {
    live = run
    self.isWholeTurn = isWholeTurn
    self.journal = journal
    self.capacity = capacity
    self.onGrowth = onGrowth
    self.onEnd = onEnd
  }

  package var isCongested: Bool { false }
  package var keepsRun: Bool { false }
  package var isWhole: Bool { journal?.isComplete ?? (bytes <= capacity && !isDiscarded) }
  private var isDiscarded = false
  /// How many bytes are kept here.
  package var kept: Int { journal == nil && isWhole ? bytes : 0 }

  package func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {
    guard journal == nil else { return }
    bytes += line.count
    if isWhole { events.append(.line(message, line.bytes(in: 0..<line.count))) } else { events = [] }
    unreported += line.count
    guard unreported >= RunRecording.reportInterval else { return }
    unreported = 0
    onGrowth()
  }

  /// Forgets what was kept: the run cannot be repeated any more.
  package func discard() {
    isDiscarded = true
    events = []
  }

  /// Growth is reported once for so many bytes.
  private static let reportInterval = 64 * 1024

  package func run(_ run: any RunSource, didAsk question: PermissionQuestion) { events.append(.question(question)) }

  package func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    self.outcome = outcome
    ended = live
    let onEnd = self.onEnd
    self.onEnd = nil
    onEnd?(self)
  }

  /// Tells `observer` everything from the beginning, and what is still to come.
  ///
  /// - Returns: what the observer has to be taken from when it leaves.
  @discardableResult
  package func replay(to observer: any RunObserver) -> any RunSource {
    if let journal { return journal.add(observer) }
    for event in events {
      switch event {
      case .line(let message, let line): observer.run(run, didReceive: message, in: line.span)
      case .question(let question): observer.run(run, didAsk: question)
      }
    }
    if let outcome { observer.run(run, didEnd: outcome) } else { run.add(observer) }
    return run
  }
}
