import EventLoop
import TestSupport
import Testing

@testable import Storage

@Suite(.bounded)
struct BackgroundExecutorTests {
  private actor Worker {
    private let executor = BackgroundExecutor(label: "test")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private var count = 0

    func isOnLoop() -> Bool {
      count += 1
      return Loop.main.isCurrent
    }
  }

  private actor Ordinary {
    func isOnLoop() -> Bool { Loop.main.isCurrent }
  }

  @Test("a background actor does not run on the loop")
  func elsewhere() async {
    let worker = Worker()
    let places = await Task.onLoop { [await worker.isOnLoop(), Loop.main.isCurrent] }.value
    #expect(places == [false, true])
  }

  // What the executor is there for: see whether a later compiler does without.
  @Test("an ordinary actor runs on the loop when a task of the loop calls it")
  func ordinary() async {
    let ordinary = Ordinary()
    #expect(await Task.onLoop { await ordinary.isOnLoop() }.value)
  }
}
