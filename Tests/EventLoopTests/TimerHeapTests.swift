import TestSupport
import Testing

@testable import EventLoop

@Reactor
struct TimerHeapTests {
  @Test("timers leave in order of their deadlines, without cancelled ones", arguments: UInt64(1)...16)
  func order(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let start = ContinuousClock.now
    let heap = TimerHeap()
    var pending: [(deadline: Int, timer: LoopTimer)] = []
    for _ in 0..<300 {
      switch Int.random(in: 0..<5, using: &generator) {
      case 0 where !pending.isEmpty:
        pending.remove(at: Int.random(in: pending.indices, using: &generator)).timer.cancel()
      case 1:
        let now = Int.random(in: 0..<1000, using: &generator)
        let due = heap.popDue(at: start + .milliseconds(now))
        let expected = pending.map(\.deadline).min().flatMap { $0 <= now ? $0 : nil }
        #expect(due?.deadline == expected.map { start + .milliseconds($0) })
        pending.removeAll { $0.timer === due }
      default:
        let deadline = Int.random(in: 0..<1000, using: &generator)
        let timer = LoopTimer(deadline: start + .milliseconds(deadline), heap: heap) {}
        heap.insert(timer)
        pending.append((deadline, timer))
      }
      #expect(heap.earliest == pending.map(\.deadline).min().map { start + .milliseconds($0) })
    }
    var left: [ContinuousClock.Instant] = []
    while let timer = heap.popDue(at: start + .seconds(1)) { left.append(timer.deadline) }
    #expect(left == pending.map { start + .milliseconds($0.deadline) }.sorted())
    #expect(heap.earliest == nil)
  }

  @Test("a timer is due at its deadline, not before", arguments: [-1, 0, 1])
  func due(offset: Int) {
    let deadline = ContinuousClock.now
    let heap = TimerHeap()
    heap.insert(LoopTimer(deadline: deadline, heap: heap) {})
    #expect((heap.popDue(at: deadline + .nanoseconds(offset)) != nil) == (offset >= 0))
  }

  @Test("cancelling twice or after firing is harmless")
  func cancelling() {
    let heap = TimerHeap()
    let start = ContinuousClock.now
    var fired: [String] = []
    let first = LoopTimer(deadline: start, heap: heap) { fired.append("first") }
    let second = LoopTimer(deadline: start + .seconds(1), heap: heap) { fired.append("second") }
    let third = LoopTimer(deadline: start + .seconds(2), heap: heap) { fired.append("third") }
    for timer in [first, second, third] { heap.insert(timer) }
    heap.popDue(at: start)?.fire()
    first.cancel()
    first.fire()
    second.cancel()
    second.cancel()
    while let timer = heap.popDue(at: start + .seconds(3)) { timer.fire() }
    #expect(fired == ["first", "third"])
  }
}
