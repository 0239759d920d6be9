import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct TurnGateTests {
  private let scheduler = ManualScheduler()
  private let admissions = AdmissionLog()

  @discardableResult
  private func enter(
    _ gate: TurnGate, _ name: String, cancellation: CancellationSignal = CancellationSignal()
  ) async -> Task<Void, Never> {
    await admissions.note(name) { () async throws(ClaudeError) in try await gate.enter(cancellation: cancellation) }
  }

  @Test("limit: concurrent turns")
  func running() async throws {
    let limit = TurnGate.Limits().running
    let outcomes = try await LimitTable.row("turns running", limit) { offset in
      let gate = TurnGate(TurnGate.Limits(), scheduler: ManualScheduler())
      let turns = (0..<(limit + offset)).map { _ in Task.onLoop { try? await gate.enter(cancellation: .init()) } }
      await nextTurn()
      let statistics = "\(gate.running) run, \(gate.waiting) wait"
      for _ in turns { gate.leave() }
      for turn in turns { await turn.value }
      #expect(gate.running == 0)
      return statistics
    }
    #expect(outcomes == ["15 run, 0 wait", "16 run, 0 wait", "16 run, 1 wait"])
  }

  @Test("limit: queued turns; the next is rejected at once")
  func waiting() async throws {
    let limit = TurnGate.Limits().waiting
    let outcomes = try await LimitTable.row("turns queued", limit) { offset in
      let gate = TurnGate(TurnGate.Limits(running: 1), scheduler: ManualScheduler())
      let admissions = AdmissionLog()
      for index in 0...(limit + offset) {
        await admissions.note("\(index)") { () async throws(ClaudeError) in try await gate.enter(cancellation: .init())
        }
      }
      let refused = admissions.entries.dropFirst()
      let statistics = "\(gate.waiting) wait, refused: \(refused.joined())"
      for _ in 0...gate.waiting { gate.leave() }
      #expect(gate.running == 0)
      return statistics
    }
    #expect(outcomes == ["99 wait, refused: ", "100 wait, refused: ", "100 wait, refused: 101 overloaded"])
  }

  @Test("limit: wait for a slot")
  func timeout() async throws {
    let limit = TurnGate.Limits().timeout
    let outcomes = try await LimitTable.row("wait for a slot", limit) { offset in
      let scheduler = ManualScheduler()
      let gate = TurnGate(TurnGate.Limits(running: 1), scheduler: scheduler)
      let admissions = AdmissionLog()
      for name in ["a", "b"] {
        await admissions.note(name) { () async throws(ClaudeError) in try await gate.enter(cancellation: .init()) }
      }
      scheduler.advance(by: limit + .milliseconds(offset))
      gate.leave()
      await nextTurn()
      return admissions.entries.last ?? "nobody"
    }
    #expect(outcomes == ["b in", "b overloaded", "b overloaded"])
  }

  @Test("slots are given in order of arrival")
  func order() async {
    let gate = TurnGate(TurnGate.Limits(running: 2), scheduler: scheduler)
    for name in ["a", "b", "c", "d", "e"] { await enter(gate, name) }
    #expect(admissions.entries == ["a in", "b in"])
    for count in 3...5 {
      gate.leave()
      await nextTurn()
      #expect(admissions.entries == ["a in", "b in", "c in", "d in", "e in"].prefix(count) + [])
      #expect(gate.running == 2)
    }
    gate.leave()
    gate.leave()
    #expect(gate.running == 0)
    #expect(scheduler.waits.isEmpty)
  }

  @Test("a new turn does not overtake waiting ones when a slot becomes free")
  func passing() async {
    let gate = TurnGate(TurnGate.Limits(running: 1), scheduler: scheduler)
    await enter(gate, "a")
    await enter(gate, "b")
    await enter(gate, "c")
    gate.leave()
    // Comes before "b" has been able to run.
    await enter(gate, "d")
    #expect(admissions.entries == ["a in", "b in"])
    for _ in 0..<2 {
      gate.leave()
      await nextTurn()
    }
    #expect(admissions.entries == ["a in", "b in", "c in", "d in"])
  }

  @Test("a cancelled turn frees its place in the queue at once")
  func cancellation() async {
    let gate = TurnGate(TurnGate.Limits(running: 1, waiting: 1), scheduler: scheduler)
    let cancellation = CancellationSignal()
    await enter(gate, "a")
    await enter(gate, "b", cancellation: cancellation)
    await enter(gate, "c")
    cancellation.cancel()
    #expect(gate.waiting == 0)
    await enter(gate, "d")
    gate.leave()
    await nextTurn()
    #expect(admissions.entries == ["a in", "c overloaded", "b cancelled", "d in"])
    #expect(gate.running == 1)
  }

  @Test("without a queue, turns beyond the slots are rejected")
  func withoutQueue() async {
    let gate = TurnGate(TurnGate.Limits(running: 1, waiting: 0), scheduler: scheduler)
    for name in ["a", "b"] { await enter(gate, name) }
    gate.leave()
    await enter(gate, "c")
    #expect(admissions.entries == ["a in", "b overloaded", "c in"])
  }

  /// A turn of the principal that its name begins with.
  private func enterAs(_ name: String, _ gate: TurnGate) async {
    await admissions.note(name) { () async throws(ClaudeError) in
      try await gate.enter(String(name.prefix(1)), cancellation: .init())
    }
  }

  @Test("limit: slots of one principal; the reserved ones are left to others, who need not wait for it")
  func reserved() async throws {
    let limit = 3
    let outcomes = try await LimitTable.row("slots of one principal (here)", limit) { offset in
      let gate = TurnGate(TurnGate.Limits(running: 4, reserved: 1), scheduler: ManualScheduler())
      let admissions = AdmissionLog()
      func enter(_ name: String) async {
        await admissions.note(name) { () async throws(ClaudeError) in
          try await gate.enter(String(name.prefix(1)), cancellation: .init())
        }
      }
      for number in 1...(limit + offset) { await enter("a\(number)") }
      let waiting = gate.waiting
      await enter("b1")
      #expect(admissions.entries.last == "b1 in")
      // The slot of another principal is not for the one that waits.
      gate.leave("b")
      await nextTurn()
      #expect(gate.waiting == waiting)
      gate.leave("a")
      await nextTurn()
      #expect(gate.waiting == 0)
      for _ in 0..<gate.running { gate.leave("a") }
      return "\(waiting) wait"
    }
    #expect(outcomes == ["0 wait", "0 wait", "1 wait"])
  }

  @Test("a free slot goes to the principal with the fewest running turns")
  func fairSlots() async {
    let gate = TurnGate(TurnGate.Limits(running: 2), scheduler: scheduler)
    for name in ["a1", "a2", "a3", "a4", "b1", "c1"] { await enterAs(name, gate) }
    for leaving in ["a", "a", "b"] {
      gate.leave(leaving)
      await nextTurn()
    }
    #expect(admissions.entries == ["a1 in", "a2 in", "b1 in", "c1 in", "a3 in"])
    #expect(gate.running == 2 && gate.waiting == 1)
    gate.leave("c")
    await nextTurn()
    gate.leave("a")
    gate.leave("a")
    #expect(gate.running == 0)
  }

  @Test("a full queue drops the newest turn of the principal with the most in it")
  func fairLine() async {
    let gate = TurnGate(TurnGate.Limits(running: 1, waiting: 3), scheduler: scheduler)
    for name in ["a1", "a2", "a3", "a4", "a5"] { await enterAs(name, gate) }
    #expect(admissions.entries == ["a1 in", "a5 overloaded"])
    await enterAs("b1", gate)
    #expect(admissions.entries.last == "a4 overloaded")
    // Two of "a" wait, and one of "b": one more of "b" would have as many.
    await enterAs("b2", gate)
    #expect(admissions.entries.last == "b2 overloaded")
    for leaving in ["a", "b", "a", "a"] {
      gate.leave(leaving)
      await nextTurn()
    }
    #expect(admissions.entries.suffix(3) == ["b1 in", "a2 in", "a3 in"])
    #expect(gate.running == 0 && gate.waiting == 0)
  }
}
