import EventLoop

/// Returns in the loop's next turn: what was ready to run has run by then.
@Reactor
public func nextTurn() async {
  await withCheckedContinuation { continuation in Loop.main.onNextTurn { continuation.resume() } }
}

/// Comes back turn after turn of the loop until `condition` holds, or the test's time is up.
@Reactor
public func until(_ condition: @Reactor () -> Bool) async {
  while !condition() {
    guard !Task.isCancelled else { return }
    await nextTurn()
  }
}
