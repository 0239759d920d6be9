import EventLoop
import TestSupport
import Testing

@Reactor
@Suite(.bounded)
struct IdleWaitersTests {
  private let scheduler = ManualScheduler()
  private let idleness: IdleWaiters

  init() { idleness = IdleWaiters(scheduler) }

  /// Begins to wait, and returns when it does.
  private func wait(_ timeout: Duration = .seconds(10)) async -> Task<Void, Never> {
    let before = scheduler.waits.count
    let task = Task.onLoop { await idleness.wait(within: timeout) { false } }
    await until { scheduler.waits.count > before }
    return task
  }

  @Test("an idle resource is not awaited")
  func idle() async {
    await idleness.wait(within: .seconds(10)) { true }
    #expect(scheduler.waits.isEmpty)
  }

  @Test("waiters resume when the resource becomes idle, and no timer is left")
  func beginning() async {
    let tasks = [await wait(), await wait(.seconds(20))]
    #expect(scheduler.waits == [.seconds(10), .seconds(20)])
    idleness.begin()
    for task in tasks { await task.value }
    #expect(scheduler.waits.isEmpty)
    idleness.begin()
  }

  @Test("a timeout ends its own wait only", arguments: [-1, 0, 1])
  func timeout(offset: Int) async {
    let tasks = [await wait(), await wait(.seconds(20))]
    scheduler.advance(by: .seconds(10) + .milliseconds(offset))
    #expect(
      scheduler.waits == (offset < 0 ? [.milliseconds(1), .milliseconds(10_001)] : [.milliseconds(10_000 - offset)]))
    if offset >= 0 { await tasks[0].value }
    idleness.begin()
    for task in tasks { await task.value }
    #expect(scheduler.waits.isEmpty)
  }

  @Test("a later waiter waits for the next idle moment")
  func again() async {
    idleness.begin()
    let task = await wait()
    idleness.begin()
    await task.value
    #expect(scheduler.waits.isEmpty)
  }
}
