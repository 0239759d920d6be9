import Synchronization
import System
import TestSupport
import Testing

@testable import EventLoop

@Reactor
@Suite(.bounded)
struct OffLoopTests {
  @Test("small work runs on the loop, larger work elsewhere")
  func places() async throws {
    let limits = OffLoop.Limits(cores: 2)
    let outcomes = try await LimitTable.row("bytes of work on the loop", limits.inline) { offset in
      let isOnLoop = await OffLoop(limits: limits).run(on: limits.inline + offset) { Loop.main.isCurrent }
      #expect(isOnLoop == OffLoop.isInline(limits.inline + offset))
      return isOnLoop ? "on the loop" : "elsewhere"
    }
    #expect(outcomes == ["on the loop", "on the loop", "elsewhere"])
  }

  @Test("one core is left to the loop", arguments: [(1, 1), (2, 1), (3, 2), (64, 63)])
  func width(cores: Int, width: Int) {
    #expect(OffLoop.Limits(cores: cores).width == width)
  }

  @Test("large work runs one at a time, in order")
  func gate() async throws {
    let limits = OffLoop.Limits(cores: 2)
    let outcomes = try await LimitTable.row("bytes of work done in turn", limits.large) { offset in
      limits.isLarge(limits.large + offset) ? "in turn" : "at once"
    }
    #expect(outcomes == ["at once", "at once", "in turn"])
    let offLoop = OffLoop(limits: limits)
    let events = Lock<[String]>([])
    let tasks = (0..<5).map { number in
      Task.onLoop {
        await offLoop.run(on: limits.large + 1) {
          events.withLock { $0.append("begin \(number)") }
          events.withLock { $0.append("end \(number)") }
        }
      }
    }
    for task in tasks { await task.value }
    #expect(events.withLock { $0 } == (0..<5).flatMap { ["begin \($0)", "end \($0)"] })
  }

  @Test("arguments of large work are taken when it runs")
  func fetching() async {
    let limits = OffLoop.Limits(cores: 2)
    let offLoop = OffLoop(limits: limits)
    let events = Lock<[String]>([])
    let tasks = (0..<3).map { number in
      Task.onLoop {
        try? await offLoop.run(on: limits.large + 1) {
          events.withLock { $0.append("fetch \(number)") }
          return number > 0 ? number : nil
        } _: { (fetched: Int) in
          events.withLock { $0.append("work on \(fetched)") }
          return fetched
        }
      }
    }
    var made: [Int?] = []
    for task in tasks { made.append(await task.value) }
    #expect(made == [nil, 1, 2])
    #expect(events.withLock { $0 } == ["fetch 0", "fetch 1", "work on 1", "fetch 2", "work on 2"])
  }

  @Test("failed work releases its place")
  func failures() async {
    struct Failure: Error {}
    let limits = OffLoop.Limits(cores: 2)
    let offLoop = OffLoop(limits: limits)
    for _ in 0..<3 {
      await #expect(throws: Failure.self) {
        try await offLoop.run(on: limits.large + 1) { () throws -> Int in throw Failure() }
      }
    }
    #expect(await offLoop.run(on: limits.large + 1) { 1 } == 1)
  }
}
