import EventLoop
import Testing

@Reactor
struct CancellationSignalTests {
  @Test("everyone is told once, in the order they asked")
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

  @Test("who asks late is told at once")
  func late() {
    let signal = CancellationSignal()
    signal.cancel()
    var told = 0
    signal.forget(signal.whenCancelled { told += 1 })
    #expect(told == 1)
  }

  @Test("who was forgotten is not told")
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

  @Test("when all are forgotten nobody is told, but it is said all the same")
  func forgettingAll() {
    let signal = CancellationSignal()
    var told = 0
    signal.whenCancelled { told += 1 }
    signal.forgetAll()
    signal.cancel()
    #expect(told == 0)
    #expect(signal.isCancelled)
  }

  @Test("one who is told may ask again, and is told at once")
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
