import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import ClaudeCode
@testable import Turns

/// Which requests are known again, and for how long.
@Reactor
@Suite(.bounded)
struct IdempotencyCacheTests {
  private let runs = RunBag()
  private var scheduler: ManualScheduler { runs.scheduler }

  private func requests(_ change: (inout IdempotencyCache.Limits) -> Void = { _ in }) -> IdempotencyCache {
    var limits = IdempotencyCache.Limits()
    change(&limits)
    return IdempotencyCache(limits: limits, scheduler: scheduler)
  }

  /// - Parameters:
  ///   - given: the client's idempotency key; nil for a request that is marked as a retry.
  private func key(
    _ body: String, given: String? = nil, isRetry: Bool = true, path: String = "/a", _ principal: Principal = .me
  ) -> IdempotencyKey {
    IdempotencyKey(endpoint: path, body: Array(body.utf8), given: given, isRetry: isRetry, principal)
  }

  private func run() -> Run { runs.keep(.idle(scheduler, RunRecorder())) }

  // MARK: Keys

  @Test("a retry has the key of the first try")
  func sameRequest() {
    let first = key("{1}", isRetry: false)
    let second = key("{1}")
    #expect(first == second)
    #expect(first.hashValue == second.hashValue)
    #expect(!first.isRepeated && second.isRepeated)
  }

  @Test("another body, path or principal is another request")
  func otherRequests() {
    let first = key("{1}")
    #expect(key("{2}") != first)
    #expect(key("{1}", path: "/b") != first)
    #expect(key("{1}", Principal(id: "you", name: "me")) != first)
    #expect(key("{1}", given: "k") != first)
  }

  @Test("an idempotency key replaces the body, within a path and a principal")
  func idempotencyKeys() {
    let first = key("{1}", given: "k", isRetry: false)
    #expect(first.isRepeated)
    #expect(key("{2}", given: "k") == first)
    #expect(key("{1}", given: "l") != first)
    #expect(key("{1}", given: "k", path: "/b") != first)
    #expect(key("{1}", given: "k", Principal(id: "you", name: "me")) != first)
  }

  @Test("another body under the same idempotency key is rejected")
  func reusedKey() throws {
    let requests = requests()
    requests.record(run(), isWholeTurn: true, for: key("{1}", given: "k"))
    let same = key("{1}", given: "k")
    let other = key("{2}", given: "k")
    #expect(try requests.recording(of: same) != nil)
    #expect(
      try refusal { _ = try requests.recording(of: other) } == "422 idempotency-key idempotency_key_reused")
  }

  @Test("one principal's recordings do not evict another's")
  func shares() throws {
    let requests = requests { $0.total = 100 }
    let you = Principal.you
    let line = Array(CLILine.initLine.utf8)
    let scanned = StreamMessage(scanning: line.span)
    let message = try #require(scanned)
    func record(_ count: Int, _ key: IdempotencyKey) throws {
      let run = run()
      requests.record(run, isWholeTurn: true, for: key)
      try requests.recording(of: key)?.run(run, didReceive: message, in: [UInt8](repeating: 0x20, count: count).span)
    }
    let theirs = key("1", you)
    try record(20, theirs)
    for body in ["a", "b", "c"] { try record(40, key(body)) }
    requests.record(run(), isWholeTurn: true, for: key("d"))
    #expect(try requests.recording(of: theirs)?.isWhole == true)
    #expect(try requests.recording(of: key("a")) == nil)
    #expect(try requests.recording(of: key("c"))?.isWhole == true)
  }

  // MARK: How long

  @Test("a run is found from its start on by its own request only")
  func found() throws {
    let requests = requests()
    let run = run()
    requests.record(run, isWholeTurn: false, for: key("1"))
    #expect(try requests.recording(of: key("1"))?.run === run)
    #expect(try requests.recording(of: key("1"))?.isWholeTurn == false)
    #expect(try requests.recording(of: key("2")) == nil)
    // However long it takes.
    scheduler.advance(by: .seconds(3600))
    #expect(try requests.recording(of: key("1"))?.run === run)
    run.cancel()
  }

  @Test("limit: time for which an ended run can be repeated")
  func window() async throws {
    let limit = IdempotencyCache.Limits().window
    let outcomes = try await LimitTable.row("repetition after the end", limit) { offset in
      let requests = requests()
      let run = run()
      requests.record(run, isWholeTurn: true, for: key("1"))
      run.emit([CLILine.result("a")])
      scheduler.advance(by: limit + .milliseconds(offset))
      return try requests.recording(of: key("1")) == nil ? "forgotten" : "given again"
    }
    #expect(outcomes == ["given again", "forgotten", "forgotten"])
  }

  @Test("of two runs for equal requests the later is found, and each expires in its own time")
  func sameWords() throws {
    let requests = requests { $0.window = .seconds(60) }
    let (first, second) = (run(), run())
    requests.record(first, isWholeTurn: true, for: key("1"))
    requests.record(second, isWholeTurn: true, for: key("1"))
    #expect(try requests.recording(of: key("1"))?.run === second)
    first.emit([CLILine.result("a")])
    scheduler.advance(by: .seconds(60))
    #expect(try requests.recording(of: key("1"))?.run === second)
    second.emit([CLILine.result("b")])
    scheduler.advance(by: .seconds(60))
    #expect(try requests.recording(of: key("1")) == nil)
  }

  @Test("a retryable failure is not repeated", arguments: [true, false])
  func failures(reachedCLI: Bool) throws {
    let requests = requests()
    let run = run()
    requests.record(run, isWholeTurn: true, for: key("1"))
    run.fail(ClaudeError(.sessionInUse, "x", reachedCLI: reachedCLI))
    #expect((try requests.recording(of: key("1")) == nil) == !reachedCLI)
  }

  @Test("a resumed run is recorded under the request that resumed it")
  func resumption() throws {
    let requests = requests()
    let run = Run.idle(scheduler, RunRecorder(), of: .asking)
    requests.record(run, isWholeTurn: true, for: key("1"))
    run.emit([CLILine.question("1")])
    run.add(RunRecorder())
    requests.record(run, isWholeTurn: false, for: key("2"))
    run.resume(["approve_1": FunctionResult([.text("allow")])], [])
    run.emit([CLILine.result("a")])
    let heard = [RunRecorder(), RunRecorder()]
    for (body, observer) in zip(["1", "2"], heard) {
      let recording = try #require(try requests.recording(of: key(body)))
      recording.replay(to: observer)
    }
    #expect(heard[0].outcomes == [.parked])
    #expect(heard[0].lines.isEmpty && heard[0].questions.map(\.callID) == ["approve_1"])
    #expect(heard[1].lines == [CLILine.result("a")])
    #expect(heard[1].questions.isEmpty)
  }

  // MARK: How much

  /// A run of which `count` bytes were recorded.
  private func record(_ count: Int, _ requests: IdempotencyCache, _ body: String) throws -> Run {
    let run = run()
    requests.record(run, isWholeTurn: true, for: key(body))
    let line = Array(CLILine.initLine.utf8)
    let scanned = StreamMessage(scanning: line.span)
    let message = try #require(scanned)
    let said = [UInt8](repeating: 0x20, count: count)
    try requests.recording(of: key(body))?.run(run, didReceive: message, in: said.span)
    return run
  }

  @Test("limit: bytes of all recordings; the oldest is evicted")
  func total() async throws {
    let limits = IdempotencyCache.Limits()
    let outcomes = try await LimitTable.row("bytes of all runs kept", limits.total) { offset in
      let requests = requests { $0.run = limits.total }
      let runs = [try record(limits.total - 1000, requests, "1"), try record(1000 + offset, requests, "2"), run()]
      requests.record(runs[2], isWholeTurn: true, for: key("3"))
      #expect(try requests.recording(of: key("2"))?.run === runs[1])
      #expect(try requests.recording(of: key("3"))?.run === runs[2])
      return try requests.recording(of: key("1")) == nil ? "forgotten" : "kept"
    }
    #expect(outcomes == ["kept", "kept", "forgotten"])
  }

  @Test("a run that is too long is known but not recorded")
  func tooLong() throws {
    let requests = requests {
      $0.run = 10
      $0.total = 20
    }
    let runs = [try record(10, requests, "1"), try record(30, requests, "2"), run()]
    requests.record(runs[2], isWholeTurn: true, for: key("3"))
    #expect(try requests.recording(of: key("1"))?.isWhole == true)
    #expect(try requests.recording(of: key("2"))?.isWhole == false)
  }
}
