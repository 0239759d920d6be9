import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct WaitQueueTests {
  private let scheduler = ManualScheduler()
  private let admissions = AdmissionLog()
  private let line: WaitQueue

  private static let late = ClaudeError(.overloaded, "late", reachedCLI: false)

  init() { line = WaitQueue(scheduler) }

  @discardableResult
  private func join(
    _ name: String, timeout: Duration = .seconds(8), cancellation: CancellationSignal = CancellationSignal()
  ) async -> Task<Void, Never> {
    await admissions.note(name) { [line] () async throws(ClaudeError) in
      try await WaitQueue.wait(timeout: timeout, cancellation: cancellation, late: { Self.late }) { line }
    }
  }

  @Test("waiters are resumed one by one, in order")
  func order() async {
    for name in ["a", "b", "c"] { await join(name) }
    #expect(line.count == 3)
    for _ in 0..<3 {
      #expect(line.admitNext())
      await nextTurn()
    }
    #expect(admissions.entries == ["a in", "b in", "c in"])
    #expect(!line.admitNext())
    #expect(line.count == 0)
    #expect(scheduler.waits.isEmpty)
  }

  @Test("a free resource is taken without waiting")
  func nothing() async {
    await admissions.note("a") { () async throws(ClaudeError) in
      try await WaitQueue.wait(timeout: .seconds(8), cancellation: CancellationSignal(), late: { Self.late }) { nil }
    }
    #expect(admissions.entries == ["a in"])
    #expect(scheduler.waits.isEmpty)
  }

  @Test("each waiter has its own timeout")
  func timeout() async throws {
    let limit = Duration.seconds(8)
    let outcomes = try await LimitTable.row("wait in a line", limit) { offset in
      let scheduler = ManualScheduler()
      let line = WaitQueue(scheduler)
      let admissions = AdmissionLog()
      for (name, timeout) in [("a", limit), ("b", limit * 2)] {
        await admissions.note(name) { () async throws(ClaudeError) in
          try await WaitQueue.wait(timeout: timeout, cancellation: CancellationSignal(), late: { Self.late }) { line }
        }
      }
      scheduler.advance(by: limit + .milliseconds(offset))
      await nextTurn()
      let entries = admissions.entries
      while line.admitNext() { await nextTurn() }
      #expect(admissions.entries.last == "b in")
      return "\(entries)"
    }
    #expect(outcomes == ["[]", #"["a overloaded"]"#, #"["a overloaded"]"#])
  }

  @Test("a cancelled waiter loses its place, and the others keep theirs")
  func cancellation() async {
    let cancellation = CancellationSignal()
    await join("a")
    await join("b", cancellation: cancellation)
    await join("c")
    cancellation.cancel()
    #expect(line.count == 2)
    #expect(scheduler.waits.count == 2)
    line.admitNext()
    line.admitNext()
    await nextTurn()
    #expect(Set(admissions.entries) == ["b cancelled", "a in", "c in"])
  }

  @Test("a cancelled waiter does not wait, and cancelling later has no effect")
  func departed() async {
    let cancellation = CancellationSignal()
    await join("a", cancellation: cancellation)
    line.admitNext()
    await nextTurn()
    cancellation.cancel()
    #expect(admissions.entries == ["a in"])
    await join("b", cancellation: cancellation)
    #expect(admissions.entries == ["a in", "b cancelled"])
    #expect(line.count == 0)
    #expect(scheduler.waits.isEmpty)
  }

  @Test("all waiters can be rejected at once")
  func dismissal() async {
    for name in ["a", "b"] { await join(name) }
    line.dismissAll(.shuttingDown)
    await nextTurn()
    #expect(admissions.entries == ["a cancelled", "b cancelled"])
    #expect(line.count == 0)
    #expect(scheduler.waits.isEmpty)
  }
}
