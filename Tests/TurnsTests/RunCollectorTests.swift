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

@Reactor
@Suite(.bounded)
struct RunCollectorTests {
  private let collector = RunCollector(PlainEncoder())
  private let run: Run

  init() {
    run = .idle(ManualScheduler(), RunCollector(PlainEncoder()))
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

  @Test("the answer is available with the result, awaited before or after")
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

  @Test("text that is only in the result is included")
  func resultOnly() async throws {
    read([CLILine.result("Unknown command", turns: 0)])
    #expect(try await collector.collected().0.writer.message.text == "Unknown command")
  }

  @Test("an answer that ends at a stop sequence is complete without a result, and its run is left")
  func stopped() async throws {
    var hasEnded = false
    let collector = RunCollector(PlainEncoder(stop: ["ST"]))
    let run = Run.idle(ManualScheduler(), collector) { hasEnded = true }
    run.emit([CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("a STOP"), CLILine.textStart])
    run.emit([CLILine.text("one S")])
    #expect(!hasEnded)
    run.emit([CLILine.text("TOP two")])
    #expect(hasEnded)
    let (encoder, outcome) = try await collector.collected()
    #expect(outcome == .complete)
    #expect(encoder.writer.message.text == "one ")
    #expect(encoder.writer.thinking == "a STOP")
  }

  @Test("text that only began like a stop sequence is included")
  func notStopped() async throws {
    let collector = RunCollector(PlainEncoder(stop: ["STOP"]))
    let run = Run.idle(ManualScheduler(), collector)
    run.emit(CLILine.message("m", "one ST") + [CLILine.result("one ST")])
    let (encoder, outcome) = try await collector.collected()
    #expect(encoder.writer.message.text == "one ST")
    #expect(outcome != .complete)
  }

  @Test("an error result is thrown")
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

  @Test("a diverging answer is thrown, whatever the result says")
  func diverged() async {
    read(CLILine.cut("m1", "a b") + CLILine.message("m2", "a c") + [CLILine.result("a c")])
    #expect(await failure() == .diverged)
  }

  @Test("a run without a result throws its reason, and an abandoned wait ends")
  func noResult() async {
    collector.run(run, didEnd: .failed(ClaudeError(.lost, "x", reachedCLI: true)))
    collector.abandon()
    #expect(await failure() == .lost)
    let other = RunCollector(PlainEncoder())
    other.abandon()
    await #expect(throws: ClaudeError(.cancelled, "The client left", reachedCLI: true)) {
      _ = try await other.collected()
    }
  }
}
