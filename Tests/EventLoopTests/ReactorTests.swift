import EventLoop
import Glibc
import TestSupport
import Testing

@Reactor
@Suite(.bounded)
struct ReactorTests {
  private actor Other {
    func answer() -> Int { 42 }
  }

  @Test("a task started on the loop stays on it after each kind of await")
  func staysOnLoop() async {
    let places = await Task.onLoop {
      var places = ["start": Loop.main.isCurrent]
      await withCheckedContinuation { continuation in Task.detached { continuation.resume() } }
      places["continuation"] = Loop.main.isCurrent
      _ = await Other().answer()
      places["other actor"] = Loop.main.isCurrent
      _ = await Task.detached { 42 }.value
      places["detached task"] = Loop.main.isCurrent
      _ = await withTaskGroup(of: Int.self) { group in
        for number in 0..<4 { group.addTask { number } }
        var sum = 0
        while let number = await group.next() { sum += number }
        return sum
      }
      places["task group"] = Loop.main.isCurrent
      await onMainActor()
      places["main actor"] = Loop.main.isCurrent
      await concurrently()
      places["concurrent function"] = Loop.main.isCurrent
      await Task.yield()
      places["yield"] = Loop.main.isCurrent
      try? await failing()
      places["thrown error"] = Loop.main.isCurrent
      return places
    }.value
    #expect(places.filter { !$0.value }.map(\.key) == [])
    #expect(places.count == 9)
  }

  @Test("a task started by a handler runs before the turn ends")
  func sameTurn() async throws {
    let (ours, theirs) = try socketPair()
    let recorder = ReadinessRecorder()
    let channel = try Channel(adopting: ours, kind: .socket, handler: recorder)
    var steps: [String] = []
    recorder.action = { _ in
      recorder.action = nil
      Task.onLoop { steps.append("task") }
      Loop.main.atEndOfTurn { steps.append("end of turn") }
    }
    writeAll("x", to: theirs)
    await until { steps.count == 2 }
    #expect(steps == ["task", "end of turn"])
    channel.close()
    close(theirs)
  }

  @Test("reactor code runs on the loop's thread only")
  func isolation() async {
    #expect(Loop.main.isCurrent)
    #expect(await Task.detached { Loop.main.isCurrent }.value == false)
    #expect(await Task.detached { await Reactor.run { Loop.main.isCurrent } }.value)
  }

  @Test("no wake-up is lost when many threads call at once")
  func wakeUps() async {
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<500 { await counter.increment() } }
      }
    }
    #expect(counter.value == 4000)
  }

  @Reactor
  private final class Counter {
    private(set) var value = 0
    func increment() { value += 1 }
  }

  @MainActor private func onMainActor() {}

  @concurrent private nonisolated func concurrently() async {}

  @concurrent private nonisolated func failing() async throws { throw CancellationError() }
}

extension Reactor {
  fileprivate static func run<Result: Sendable>(_ body: @Reactor () -> Result) async -> Result { await body() }
}
