import Bytes
import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import API
@testable import Turns
@testable import ClaudeCode

@Reactor
struct RunCollectorTests {
  private let collector = RunCollector(RunCollectorTests.encoder())
  private let run: Run

  private static func encoder(stop: [String] = []) -> ChatCompletionEncoder {
    ChatCompletionEncoder(.example, includesUsage: false, isStreamed: false, AnswerPlan(stop: stop))
  }

  init() {
    run = .idle(ManualScheduler(), RunCollector(Self.encoder()))
  }

  private func read(_ lines: [String]) {
    for line in lines {
      let bytes = Array(line.utf8)
      let message = StreamMessage(scanning: bytes.span)
      if let message { collector.run(run, didReceive: message, in: bytes.span) }
      let result = TurnResult(bytes.span)
      if let result { collector.run(run, didEnd: .result(result)) }
    }
  }

  /// What waiting for the result throws.
  private func failure() async -> ClaudeError.Kind? {
    do throws(ClaudeError) {
      _ = try await collector.collected()
      return nil
    } catch {
      return error.kind
    }
  }

  @Test("the whole answer is there when the result is, asked for before or after")
  func result() async throws {
    let before = Task.onLoop { await failure() }
    await nextTurn()
    read([CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("t")] + CLILine.message("m", "a", "b"))
    read([CLILine.result("ab")])
    #expect(await before.value == nil)
    let (encoder, outcome) = try await collector.collected()
    guard case .ended(.result(let result)) = outcome else {
      Issue.record("ended with \(outcome)")
      return
    }
    #expect(result.text == "ab")
    #expect(encoder.writer.message.text == "ab")
  }

  @Test("text that only the result has is told")
  func resultOnly() async throws {
    read([CLILine.result("Unknown command", turns: 0)])
    #expect(try await collector.collected().0.writer.message.text == "Unknown command")
  }

  @Test("an answer that ends at a stop sequence is whole without a result, and its run is left")
  func stopped() async throws {
    var hasEnded = false
    let collector = RunCollector(Self.encoder(stop: ["ST"]))
    let run = Run.idle(ManualScheduler(), collector) { hasEnded = true }
    run.say([CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("a STOP"), CLILine.textStart])
    run.say([CLILine.text("one S")])
    #expect(!hasEnded)
    run.say([CLILine.text("TOP two")])
    #expect(hasEnded)
    let (encoder, outcome) = try await collector.collected()
    #expect(outcome == .complete)
    let document = try JSONValue(parsing: encoder.writer.document)
    let message = document["choices"]?.array?.first?["message"]
    #expect(message?["content"] == "one ")
    #expect(message?["reasoning_content"] == "a STOP")
  }

  @Test("what might have become a stop sequence and did not is part of the answer")
  func notStopped() async throws {
    let collector = RunCollector(Self.encoder(stop: ["STOP"]))
    let run = Run.idle(ManualScheduler(), collector)
    run.say(CLILine.message("m", "one ST") + [CLILine.result("one ST")])
    let (encoder, outcome) = try await collector.collected()
    #expect(encoder.writer.message.text == "one ST")
    #expect(outcome != .complete)
  }

  @Test("a result that is none is thrown")
  func badResults() async {
    read([CLILine.result("x", isError: true, more: #","api_error_status":429"#)])
    #expect(await failure() == .upstream(status: 429))
  }

  @Test("an empty success is an error")
  func empty() async {
    read([CLILine.result("", turns: 0)])
    #expect(await failure() == .empty)
  }

  @Test("a turn limit is an error unless there is an answer already", arguments: [true, false])
  func maxTurns(hasAnswer: Bool) async {
    read((hasAnswer ? CLILine.message("m", "a") : []) + [CLILine.result("", subtype: "error_max_turns", isError: true)])
    #expect(await failure() == (hasAnswer ? nil : .maxTurns))
  }

  @Test("an answer that diverges is thrown, whatever the result says")
  func diverged() async {
    read(CLILine.cut("m1", "a b") + CLILine.message("m2", "a c") + [CLILine.result("a c")])
    #expect(await failure() == .diverged)
  }

  @Test("a run without a result throws its reason; a client that left is not kept waiting")
  func noResult() async {
    collector.run(run, didEnd: .failed(ClaudeError(.lost, "x", reachedCLI: true)))
    collector.abandon()
    #expect(await failure() == .lost)
    let other = RunCollector(Self.encoder())
    other.abandon()
    await #expect(throws: ClaudeError(.cancelled, "The client left", reachedCLI: true)) {
      _ = try await other.collected()
    }
  }
}

extension Run {
  /// A run without a process.
  @Reactor
  static func idle(
    _ scheduler: any Scheduler, _ observer: (any RunObserver)? = nil,
    of turn: Turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/"),
    onEnd: @escaping @Reactor () -> Void = {}
  ) -> Run {
    let run = Run(
      turn, id: "r", sessionID: turn.session.id, as: Fingerprint(turn, settingSources: nil), timeouts: RunTimeouts(),
      scheduler: scheduler, logger: .silent)
    run.add(EndObserver(onEnd))
    if let observer { run.add(observer) }
    return run
  }
}

/// Calls back when a run has ended; it does not keep the run.
@Reactor
final class EndObserver: RunObserver {
  private let onEnd: @Reactor () -> Void

  init(_ onEnd: @escaping @Reactor () -> Void) { self.onEnd = onEnd }

  var isCongested: Bool { false }
  var keepsRun: Bool { false }
  var survivesParking: Bool { true }

  func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {}

  func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    if outcome != .parked { onEnd() }
  }
}
