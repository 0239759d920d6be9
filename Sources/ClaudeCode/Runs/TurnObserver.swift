public import EventLoop

/// Is notified of the end of every turn: sessions now, quotas and metrics later.
@Reactor
public protocol TurnObserver: AnyObject {
  /// The run has ended, its process is idle or gone, and its session is free.
  ///
  /// - Parameter cost: of the turn, in US dollars.
  func turnDidEnd(_ run: Run, cost: Double)
}
