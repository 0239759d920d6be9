import Glibc
import TestSupport
import Testing

@testable import EventLoop

@Reactor
@Suite(.bounded)
struct LoopTests {
  @Test("timers fire in order of their deadlines, and cancelled ones do not")
  func timers() async throws {
    var fired: [ContinuousClock.Instant] = []
    var deadlines: [ContinuousClock.Instant] = []
    await withCheckedContinuation { continuation in
      for delay in [4, 1, 3, 0, 2] {
        let timer = RecordedTimer(delay) { fired.append($0) }
        if delay == 2 { timer.cancel() } else { deadlines.append(timer.deadline) }
      }
      _ = RecordedTimer(10) { _ in continuation.resume() }
    }
    #expect(fired == deadlines.sorted())
    #expect(fired.count == 4)
  }

  @Test("a timer never fires early", arguments: [0, 100, 1500, 4999])
  func noEarlyTimers(microseconds: Int) async {
    let start = ContinuousClock.now
    await withCheckedContinuation { continuation in
      _ = Loop.main.schedule(after: .microseconds(microseconds)) { continuation.resume() }
    }
    #expect(ContinuousClock.now - start >= .microseconds(microseconds))
  }

  @Test("a timer may schedule and cancel others")
  func timersOfTimers() async {
    var steps: [String] = []
    await withCheckedContinuation { continuation in
      let late = Loop.main.schedule(after: .milliseconds(1)) { steps.append("cancelled") }
      _ = Loop.main.schedule(after: .zero) {
        steps.append("outer")
        late.cancel()
        _ = Loop.main.schedule(after: .milliseconds(2)) {
          steps.append("inner")
          continuation.resume()
        }
      }
    }
    #expect(steps == ["outer", "inner"])
  }

  @Test("work for the end of a turn runs in that turn, after work that was deferred to it")
  func turnOrder() async {
    var steps: [String] = []
    await withCheckedContinuation { continuation in
      Loop.main.atEndOfTurn {
        steps.append("end")
        Loop.main.atEndOfTurn {
          steps.append("end of the end")
          continuation.resume()
        }
      }
      Loop.main.onNextTurn {
        steps.append("put off")
        Loop.main.onNextTurn { steps.append("put off twice") }
      }
      steps.append("job")
    }
    await until { steps.count == 5 }
    #expect(steps == ["job", "put off", "end", "end of the end", "put off twice"])
  }

  @Test("deferred work starves neither timers nor descriptors nor tasks")
  func noStarving() async throws {
    let (ours, theirs) = try socketPair()
    let recorder = ReadinessRecorder()
    let channel = try Channel(adopting: ours, kind: .socket, handler: recorder)
    var served: Set<String> = []
    recorder.action = { if $0.contains(.readable) { served.insert("descriptor") } }
    _ = Loop.main.schedule(after: .milliseconds(1)) { served.insert("timer") }
    Task.onLoop {
      _ = await Task.detached {}.value
      served.insert("task")
      writeAll("x", to: theirs)
    }
    await until { served.count == 3 }
    #expect(served == ["descriptor", "timer", "task"])
    channel.close()
    close(theirs)
  }

  @Test("a reused descriptor gets no events of its former owner")
  func staleEvents() async throws {
    let (first, firstPeer) = try socketPair()
    let (second, secondPeer) = try socketPair()
    let (former, next) = (ReadinessRecorder(), ReadinessRecorder())
    let trigger = ReadinessRecorder()
    try Loop.main.register(first, trigger)
    try Loop.main.register(second, former)
    await until { !trigger.events.isEmpty && !former.events.isEmpty }
    trigger.action = { _ in
      trigger.action = nil
      _ = readAvailable(second)
      Loop.main.unregister(second)
      try? Loop.main.register(second, next)
    }
    let seen = former.events.count
    // Both before the loop looks again: one batch, the trigger first.
    writeAll("x", to: firstPeer)
    writeAll("x", to: secondPeer)
    await until { !next.events.isEmpty }
    #expect(former.events.count == seen)
    #expect(next.events == [.writable])
    for descriptor in [first, second] { Loop.main.unregister(descriptor) }
    for descriptor in [first, firstPeer, second, secondPeer] { close(descriptor) }
  }

  @Test("nested users of the read buffer get separate buffers")
  func scratch() {
    let isIntact = Loop.main.withScratch { outer in
      outer[0] = 1
      Loop.main.withScratch { inner in inner[0] = 2 }
      return outer[0] == 1
    }
    #expect(isIntact)
  }
}

/// A timer of the loop that tells its deadline when it fires.
@Reactor
private final class RecordedTimer {
  private(set) var deadline = ContinuousClock.now
  private var timer: (any ScheduledTimer)?

  init(_ milliseconds: Int, _ action: @escaping @Reactor (ContinuousClock.Instant) -> Void) {
    timer = Loop.main.schedule(after: .milliseconds(milliseconds)) { action(self.deadline) }
    if let timer = timer as? LoopTimer { deadline = timer.deadline }
  }

  func cancel() { timer?.cancel() }
}
