import EventLoop
public import Testing

/// Returns in the loop's next turn: what was ready to run has run by then.
@Reactor
public func nextTurn() async {
  await withCheckedContinuation { continuation in Loop.main.onNextTurn { continuation.resume() } }
}

/// Comes back turn after turn of the loop until `condition` holds.
///
/// A wait that takes longer than `TestLimits.wait`, or that is cut by the test's time limit, is recorded as an issue.
@Reactor
public func until(
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: @Reactor () -> Bool
) async {
  let deadline = ContinuousClock.now + TestLimits.wait
  while !condition() {
    guard !Task.isCancelled, ContinuousClock.now < deadline else {
      Issue.record("the condition did not come to hold", sourceLocation: sourceLocation)
      return
    }
    await nextTurn()
  }
}
