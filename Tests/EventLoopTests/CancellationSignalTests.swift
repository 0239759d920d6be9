import EventLoop
import Testing

@Reactor
struct CancellationSignalTests {
  @Test("all callbacks run once, in order of registration")
  func order() {
    let signal = CancellationSignal()
    var told: [Int] = []
    for number in 0..<20 { signal.whenCancelled { told.append(number) } }
    #expect(!signal.isCancelled)
    signal.cancel()
    signal.cancel()
    #expect(signal.isCancelled)
    #expect(told == Array(0..<20))
  }

  @Test("a callback registered after cancellation runs at once")
  func late() {
    let signal = CancellationSignal()
    signal.cancel()
    var told = 0
    signal.forget(signal.whenCancelled { told += 1 })
    #expect(told == 1)
  }

  @Test("a removed callback does not run")
  func forgetting() {
    let signal = CancellationSignal()
    var told: [String] = []
    let token = signal.whenCancelled { told.append("forgotten") }
    signal.whenCancelled { told.append("kept") }
    signal.forget(token)
    signal.forget(token)
    signal.cancel()
    #expect(told == ["kept"])
  }

  @Test("after removing all callbacks none runs, and the signal still fires")
  func forgettingAll() {
    let signal = CancellationSignal()
    var told = 0
    signal.whenCancelled { told += 1 }
    signal.forgetAll()
    signal.cancel()
    #expect(told == 0)
    #expect(signal.isCancelled)
  }

  @Test("a callback may register another, which runs at once")
  func nested() {
    let signal = CancellationSignal()
    var told: [String] = []
    signal.whenCancelled {
      told.append("outer")
      signal.whenCancelled { told.append("inner") }
    }
    signal.whenCancelled { told.append("second") }
    signal.cancel()
    #expect(told == ["outer", "inner", "second"])
  }
}
