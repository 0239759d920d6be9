import Bytes
package import ClaudeCode
package import EventLoop

/// The events of a run from its beginning or from where it was resumed, kept so that a retried request gets the same
/// answer. It does not keep the run alive.
@Reactor
package final class RunRecording: RunObserver {
  private enum Event {
    case line(StreamMessage, [UInt8])
    case question(PermissionQuestion)
  }

  package var run: Run { ended ?? live }
  /// Unowned while the run is under way: the run holds this, and the executor holds the run. Not weak, which would slow
  /// down every access to the run.
  private unowned let live: Run
  private var ended: Run?
  /// Whether the recording begins with the turn.
  package let isWholeTurn: Bool
  /// The journal that has the same events; nil if there is none.
  package let journal: RunJournal?
  private var events: [Event] = []
  private var outcome: RunOutcome?
  /// Bytes of lines recorded.
  private var bytes = 0
  private let capacity: Int
  /// Bytes since the last call of `onGrowth`.
  private var unreported = 0
  private let onGrowth: @Reactor () -> Void
  /// Nil once it was called.
  private var onEnd: (@Reactor (RunRecording) -> Void)?

  /// Whether the run is still under way; observers that join keep it alive.
  package var isLive: Bool { outcome == nil }

  /// Whether the agent did not work, so that a retry may run.
  package var mayRunAgain: Bool { if case .failed(let error) = outcome { !error.reachedCLI } else { false } }

  /// - Parameters:
  ///   - capacity: how many bytes of lines are kept; a longer run cannot be replayed.
  ///   - onGrowth: called from time to time as the recording grows.
  ///   - onEnd: called when the run has ended or is parked.
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
  /// Bytes kept here.
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

  /// Drops the events: the run can no longer be replayed.
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

  /// Replays the events to `observer`, then delivers new ones.
  ///
  /// - Returns: what the observer has to be removed from when it leaves.
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
