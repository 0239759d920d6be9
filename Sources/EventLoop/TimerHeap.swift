/// Pending timers, the earliest first. A binary heap whose timers know their index, so that cancelling one costs O(log
/// n) and frees it at once: the one-hour timeout of a request that took a second must not stay for the hour.
@Reactor
final class TimerHeap {
  private var timers: [LoopTimer] = []

  var earliest: ContinuousClock.Instant? { timers.first?.deadline }

  func insert(_ timer: LoopTimer) {
    timer.index = timers.count
    timers.append(timer)
    siftUp(from: timer.index)
  }

  func remove(_ timer: LoopTimer) {
    guard timer.index >= 0 else { return }
    let index = timer.index
    let last = timers.count - 1
    if index != last { swapAt(index, last) }
    timers.removeLast()
    timer.index = -1
    if index < timers.count {
      siftUp(from: index)
      siftDown(from: index)
    }
  }

  /// Removes and returns the earliest timer if it is due.
  func popDue(at now: ContinuousClock.Instant) -> LoopTimer? {
    guard let first = timers.first, first.deadline <= now else { return nil }
    remove(first)
    return first
  }

  private func siftUp(from start: Int) {
    var index = start
    while index > 0, timers[index].deadline < timers[(index - 1) / 2].deadline {
      swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private func siftDown(from start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in [2 * index + 1, 2 * index + 2] where child < timers.count {
        if timers[child].deadline < timers[smallest].deadline { smallest = child }
      }
      guard smallest != index else { return }
      swapAt(index, smallest)
      index = smallest
    }
  }

  private func swapAt(_ left: Int, _ right: Int) {
    timers.swapAt(left, right)
    timers[left].index = left
    timers[right].index = right
  }
}

@Reactor
final class LoopTimer: ScheduledTimer {
  let deadline: ContinuousClock.Instant
  fileprivate(set) var index = -1
  /// The owner of a pending timer; the loop keeps the heap for ever.
  private unowned let heap: TimerHeap
  private var action: (@Reactor () -> Void)?

  init(deadline: ContinuousClock.Instant, heap: TimerHeap, action: @escaping @Reactor () -> Void) {
    self.deadline = deadline
    self.heap = heap
    self.action = action
  }

  func fire() {
    let action = self.action
    self.action = nil
    action?()
  }

  func cancel() {
    heap.remove(self)
    action = nil
  }
}
