public import EventLoop

/// Hears of the end of every turn, whoever asked for it: sessions, later quotas and metrics.
@Reactor
public protocol TurnObserver: AnyObject {
  /// The run has ended, and its process is idle or gone: its session is free again.
  ///
  /// - Parameter cost: what the turn has cost, in US dollars.
  func turnDidEnd(_ run: Run, cost: Double)
}
