public import EventLoop

/// What can be watched: a run, or the journal of one.
@Reactor
public protocol RunSource: AnyObject {
  /// The observer hears no more.
  func remove(_ observer: any RunObserver)
  /// A congested observer can take more.
  func observerDidDrain()
  /// Ends the run.
  func cancel()
}

/// Watches a run. Lines come in order, on the loop; `didEnd` is the last call.
@Reactor
public protocol RunObserver: AnyObject {
  /// A line of the CLI, control and mirror lines excluded. `line` is valid during the call only.
  func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>)
  /// The CLI asks whether it may use a tool; `didEnd` with `parked` follows.
  func run(_ run: any RunSource, didAsk question: PermissionQuestion)
  /// Another turn begins in the journal of an agent. `input` is a JSON document, valid during the call only.
  func run(_ run: any RunSource, didTake input: Span<UInt8>)
  func run(_ run: any RunSource, didEnd outcome: RunOutcome)
  /// Whether the observer cannot take more for now. It calls `Run.observerDidDrain` when it can again.
  var isCongested: Bool { get }
  /// Whether the run goes on for this observer's sake; one that nobody else observes is cancelled.
  var keepsRun: Bool { get }
  /// Whether it is told of a run that is parked, too: how it ends, if nobody goes on with it.
  var survivesParking: Bool { get }
}

extension RunObserver {
  public var keepsRun: Bool { true }
  public var survivesParking: Bool { false }
  public func run(_ run: any RunSource, didAsk question: PermissionQuestion) {}
  public func run(_ run: any RunSource, didTake input: Span<UInt8>) {}
}

/// How a run ended, for its observers.
public enum RunOutcome: Sendable, Equatable {
  /// With a result, which may be an error of its own (`ClaudeError.init(_: TurnResult)`).
  case result(TurnResult)
  /// Without one.
  case failed(ClaudeError)
  /// Not yet: the model waits for what the client's functions answer. `ClaudeExecutor.resume` goes on, with another
  /// observer.
  case parked
}

extension RunOutcome {
  /// What went wrong; nil for an answer.
  public var error: ClaudeError? {
    switch self {
    case .result(let result): ClaudeError(result)
    case .failed(let error): error
    case .parked: nil
    }
  }
}
