import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct SessionGateTests {
  private let scheduler = ManualScheduler()

  private func gate(waiting: Int = 32, timeout: Duration = .seconds(60)) -> SessionGate {
    var limits = SessionGate.Limits()
    limits.waiting = waiting
    limits.timeout = timeout
    return SessionGate(limits: limits, scheduler: scheduler)
  }

  /// Asks for the session and notes what comes of it; returns when it waits or has its answer.
  @discardableResult
  private func enter(
    _ gate: SessionGate, _ name: String, _ journal: Journal, session: String = "s",
    cancellation: CancellationSignal = CancellationSignal()
  ) async -> Task<Void, Never> {
    let task = Task.onLoop {
      do throws(ClaudeError) {
        try await gate.enter(session, cancellation: cancellation)
        journal.entries.append("\(name) in")
      } catch {
        journal.entries.append("\(name) \(error.kind)")
      }
    }
    await nextTurn()
    return task
  }

  @Reactor
  private final class Journal {
    var entries: [String] = []
    nonisolated init() {}
  }

  @Test("turns of one session are admitted one by one, in order")
  func order() async {
    let gate = gate()
    let journal = Journal()
    for name in ["a", "b", "c"] { await enter(gate, name, journal) }
    #expect(journal.entries == ["a in"])
    #expect(gate.waitingCount == 2)
    gate.leave("s")
    await nextTurn()
    #expect(journal.entries == ["a in", "b in"])
    gate.leave("s")
    await nextTurn()
    #expect(journal.entries == ["a in", "b in", "c in"])
    gate.leave("s")
    await enter(gate, "d", journal)
    #expect(journal.entries.last == "d in")
    #expect(gate.waitingCount == 0)
  }

  @Test("sessions are independent")
  func sessions() async {
    let gate = gate()
    let journal = Journal()
    await enter(gate, "a", journal, session: "s")
    await enter(gate, "b", journal, session: "t")
    #expect(journal.entries == ["a in", "b in"])
  }

  @Test("turns beyond the limit are rejected at once", arguments: [-1, 0, 1])
  func limit(excess: Int) async {
    let gate = gate(waiting: 3)
    let journal = Journal()
    for index in 0...(3 + excess) { await enter(gate, "\(index)", journal) }
    #expect(journal.entries == ["0 in"] + (excess > 0 ? ["4 sessionBusy"] : []))
    #expect(gate.waitingCount == min(3 + excess, 3))
    for _ in 1...min(3 + excess, 3) {
      gate.leave("s")
      await nextTurn()
    }
    #expect(journal.entries.count == 4 + excess)
  }

  @Test("a turn that waits too long is rejected, and the others keep their places", arguments: [-1, 0, 1])
  func timeout(offset: Int) async {
    let gate = gate(timeout: .seconds(60))
    let journal = Journal()
    await enter(gate, "a", journal)
    let second = await enter(gate, "b", journal)
    scheduler.advance(by: .seconds(1))
    let third = await enter(gate, "c", journal)
    scheduler.advance(by: .seconds(59) + .milliseconds(offset))
    #expect(gate.waitingCount == (offset >= 0 ? 1 : 2))
    gate.leave("s")
    if offset >= 0 {
      await second.value
      await third.value
      #expect(journal.entries == ["a in", "b sessionBusy", "c in"])
    } else {
      await second.value
      #expect(journal.entries == ["a in", "b in"])
      gate.leave("s")
      await third.value
    }
    #expect(scheduler.waits.isEmpty)
  }

  @Test("a cancelled turn leaves the queue")
  func cancellation() async {
    let gate = gate()
    let journal = Journal()
    let cancellation = CancellationSignal()
    await enter(gate, "a", journal)
    let second = await enter(gate, "b", journal, cancellation: cancellation)
    let third = await enter(gate, "c", journal)
    cancellation.cancel()
    await second.value
    gate.leave("s")
    await third.value
    #expect(journal.entries == ["a in", "b cancelled", "c in"])
    #expect(scheduler.waits.isEmpty)
  }

  @Test("a turn that is already cancelled does not wait")
  func departed() async {
    let gate = gate()
    let journal = Journal()
    let cancellation = CancellationSignal()
    cancellation.cancel()
    await enter(gate, "a", journal)
    await enter(gate, "b", journal, cancellation: cancellation)
    #expect(journal.entries == ["a in", "b cancelled"])
    #expect(gate.waitingCount == 0)
    #expect(scheduler.waits.isEmpty)
  }

  @Test("cancelling after admission has no effect")
  func lateDeparture() async {
    let gate = gate()
    let journal = Journal()
    let cancellation = CancellationSignal()
    await enter(gate, "a", journal)
    let second = await enter(gate, "b", journal, cancellation: cancellation)
    gate.leave("s")
    await second.value
    cancellation.cancel()
    #expect(journal.entries == ["a in", "b in"])
    let third = await enter(gate, "c", journal)
    #expect(gate.waitingCount == 1)
    gate.leave("s")
    await third.value
  }

  @Test("waiting turns can be rejected while the admitted one stays")
  func dismissal() async {
    let gate = gate()
    let journal = Journal()
    for name in ["a", "b"] { await enter(gate, name, journal) }
    await enter(gate, "c", journal, session: "t")
    gate.dismissWaiting("s", .noSession("s"))
    gate.dismissWaiting("u", .noSession("u"))
    await nextTurn()
    #expect(journal.entries == ["a in", "c in", "b sessionNotFound"])
    await enter(gate, "d", journal)
    #expect(gate.waitingCount == 1)
    gate.leave("s")
    await nextTurn()
    #expect(journal.entries.last == "d in")
    #expect(scheduler.waits.isEmpty)
  }

  @Test("leaving a free session has no effect")
  func leaving() async {
    let gate = gate()
    let journal = Journal()
    gate.leave("s")
    await enter(gate, "a", journal)
    await enter(gate, "b", journal)
    #expect(journal.entries == ["a in"])
    gate.leave("s")
  }
}
