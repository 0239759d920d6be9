public import EventLoop
public import Identity
public import Telemetry

/// The caller of a turn: what the application needs to know of a request, whatever protocol it came over.
public struct Caller: Sendable {
  public let principal: Principal
  /// The request's id, in logs and in lists of runs.
  public let requestID: String
  /// Writes the request's id into each line.
  public let logger: Logger
  /// Fires when the caller gives up.
  public let cancellation: CancellationSignal

  public init(principal: Principal, requestID: String, logger: Logger, cancellation: CancellationSignal) {
    self.principal = principal
    self.requestID = requestID
    self.logger = logger
    self.cancellation = cancellation
  }

  /// The same caller for work that outlives its request: the end of the request does not cancel it.
  @Reactor
  public func detached() -> Caller {
    Caller(principal: principal, requestID: requestID, logger: logger, cancellation: CancellationSignal())
  }
}
