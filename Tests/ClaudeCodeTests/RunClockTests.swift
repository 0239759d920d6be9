import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
final class RunClockTests {
  private let scheduler = ManualScheduler()
  private var errors: [ClaudeError.Kind] = []

  private func clock() -> RunClock {
    let timeouts = RunTimeouts(
      total: .seconds(100), inactivity: .seconds(30), kill: .seconds(5), toolResult: .seconds(50))
    let clock = RunClock(timeouts, scheduler)
    clock.start { [unowned self] in errors.append($0.kind) }
    return clock
  }

  @Test("inactivity ends the run at its limit after the last activity")
  func silence() {
    let clock = clock()
    scheduler.advance(by: .seconds(29))
    clock.noteActivity()
    scheduler.advance(by: .seconds(29))
    #expect(errors.isEmpty)
    scheduler.advance(by: .seconds(1))
    #expect(errors == [.inactivityTimeout])
    clock.stop()
  }

  @Test("the total timeout ends a run that is never silent")
  func total() {
    let clock = clock()
    for _ in 0..<99 {
      scheduler.advance(by: .seconds(1))
      clock.noteActivity()
    }
    #expect(errors.isEmpty)
    scheduler.advance(by: .seconds(1))
    #expect(errors == [.totalTimeout])
    clock.stop()
  }

  @Test("clocks stop while the run is paused")
  func paused() {
    let clock = clock()
    scheduler.advance(by: .seconds(20))
    #expect(clock.pause() && clock.isPaused && !clock.pause())
    #expect(scheduler.waits.isEmpty)
    scheduler.advance(by: .seconds(1000))
    clock.resume()
    #expect(errors.isEmpty && !clock.isPaused && scheduler.waits.min() == .seconds(10))
    clock.stop()
  }

  @Test("a parked run waits for its client and then continues with its remaining time")
  func parked() {
    let clock = clock()
    scheduler.advance(by: .seconds(20))
    clock.park()
    #expect(scheduler.waits == [.seconds(50)] && !clock.pause())
    scheduler.advance(by: .seconds(49))
    clock.resume()
    #expect(scheduler.waits.sorted() == [.seconds(30), .seconds(80)])
    clock.park()
    scheduler.advance(by: .seconds(50))
    #expect(errors == [.inactivityTimeout])
    clock.stop()
  }

  @Test("a stopped clock has no timer and cannot be restarted")
  func stopped() {
    let clock = clock()
    clock.stop()
    clock.resume()
    #expect(scheduler.waits.isEmpty && errors.isEmpty)
  }
}
