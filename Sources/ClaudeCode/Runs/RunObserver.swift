public import EventLoop

/// What can be observed: a run, or its journal.
@Reactor
public protocol RunSource: AnyObject {
  /// The observer gets no more events.
  func remove(_ observer: any RunObserver)
  /// A congested observer can take more.
  func observerDidDrain()
  /// Ends the run.
  func cancel()
}

/// Observes a run. Lines come in order, on the loop; `didEnd` is the last call.
@Reactor
public protocol RunObserver: AnyObject {
  /// A line of the CLI; control and mirror lines are not delivered. `line` is valid during the call only.
  func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>)
  /// The CLI asks for permission to use a tool; `didEnd` with `parked` follows.
  func run(_ run: any RunSource, didAsk question: PermissionQuestion)
  /// Another turn begins in the journal of an agent. `input` is a JSON document, valid during the call only.
  func run(_ run: any RunSource, didTake input: Span<UInt8>)
  func run(_ run: any RunSource, didEnd outcome: RunOutcome)
  /// Whether the observer cannot take more for now. It calls `observerDidDrain` when it can.
  var isCongested: Bool { get }
  /// Whether the run continues for this observer. A run without such observers is cancelled.
  var keepsRun: Bool { get }
  /// Whether the observer stays subscribed while the run is parked, and gets its final outcome.
  var survivesParking: Bool { get }
}

extension RunObserver {
  public var keepsRun: Bool { true }
  public var survivesParking: Bool { false }
  public func run(_ run: any RunSource, didAsk question: PermissionQuestion) {}
  public func run(_ run: any RunSource, didTake input: Span<UInt8>) {}
}

/// How a run ended.
public enum RunOutcome: Sendable, Equatable {
  /// With a result, which may be an error (`ClaudeError.init(_: TurnResult)`).
  case result(TurnResult)
  /// Without one.
  case failed(ClaudeError)
  /// Not yet: the client has to answer calls. `ClaudeExecutor.claim` and `Run.resume` continue the run.
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
