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

/// What a run says, kept for a request that comes again.
@Reactor
@Suite(.bounded)
struct RunRecordingTests {
  private let first = RunRecorder()
  private let runs = RunBag()
  private let run: Run
  private let recording: RunRecording

  init() {
    run = runs.keep(.idle(runs.scheduler, first, of: .asking))
    recording = RunRecording(run, isWholeTurn: true, capacity: .max) { _ in }
    run.add(recording)
  }

  @Test("a subscriber that joins a running run gets it from the beginning, and later events once")
  func joining() {
    let lines = CLILine.message("m", "a", "b") + [CLILine.result("ab")]
    run.emit(Array(lines.prefix(3)))
    let second = RunRecorder()
    #expect(recording.isLive)
    recording.replay(to: second)
    #expect(second.lines == Array(lines.prefix(3)))
    run.emit(Array(lines.dropFirst(3)))
    #expect(second.lines == lines)
    #expect(first.lines == lines)
    #expect(second.outcomes == first.outcomes)
    #expect(second.outcomes.count == 1)
  }

  @Test("a late subscriber gets the same events and the outcome")
  func later() throws {
    run.emit(CLILine.message("m", "a") + [CLILine.result("a")])
    #expect(!recording.isLive)
    for _ in 0..<2 {
      let second = RunRecorder()
      recording.replay(to: second)
      #expect(second.lines == first.lines)
      #expect(second.outcomes == first.outcomes)
      guard case .result(let result) = second.outcomes.first else {
        Issue.record("it ended without a result")
        return
      }
      #expect(result.text == "a")
    }
  }

  @Test("a failure is repeated")
  func failed() {
    run.emit([CLILine.messageStart("m")])
    run.fail(ClaudeError(.lost, "x", reachedCLI: true))
    let second = RunRecorder()
    recording.replay(to: second)
    #expect(second.lines == [CLILine.messageStart("m")])
    #expect(second.outcomes == [.failed(ClaudeError(.lost, "x", reachedCLI: true))])
  }

  @Test("calls and permission requests are repeated with the parked outcome")
  func parked() async throws {
    run.emit([CLILine.messageStart("m")] + CLILine.callBlock("m", "c"))
    run.emit([CLILine.question("1"), CLILine.messageDelta("tool_use"), CLILine.messageStop])
    #expect(run.openCalls == ["approve_1", "c"])
    let collector = RunCollector(PlainEncoder())
    recording.replay(to: collector)
    let (encoder, outcome) = try await collector.collected()
    #expect(outcome == .ended(.parked))
    #expect(encoder.writer.message.calls.map(\.id) == ["c", "approve_1"])
    // The run's end after that is not of this answer.
    run.cancel()
    let second = RunRecorder()
    recording.replay(to: second)
    #expect(second.outcomes == [.parked])
    #expect(second.questions.map(\.callID) == ["approve_1"])
  }

  @Test("a recording does not keep its run alive; subscribers do")
  func keeping() {
    recording.replay(to: RunRecorder())
    run.remove(first)
    #expect(recording.isLive)
    let other = runs.keep(.idle(runs.scheduler, first))
    let alone = RunRecording(other, isWholeTurn: true, capacity: .max) { _ in }
    other.add(alone)
    other.remove(first)
    #expect(!alone.isLive)
    run.cancel()
  }

  @Test("the end is reported once, parked runs included")
  func ends() {
    for lines in [[CLILine.result("a")], [CLILine.question("1")]] {
      var ended: [RunRecording] = []
      let run = runs.keep(.idle(runs.scheduler, first, of: .asking))
      let recording = RunRecording(run, isWholeTurn: false, capacity: .max) { ended.append($0) }
      run.add(recording)
      #expect(ended.isEmpty)
      run.emit(lines)
      run.cancel()
      #expect(ended.count == 1 && ended.first === recording)
      #expect(!recording.isWholeTurn)
    }
  }

  @Test("limit: bytes of one recording")
  func capacity() async throws {
    let limit = IdempotencyCache.Limits().run
    let line = Array(CLILine.initLine.utf8)
    let scanned = StreamMessage(scanning: line.span)
    let message = try #require(scanned)
    let outcomes = try await LimitTable.row("bytes of a run kept", limit) { offset in
      let recording = RunRecording(run, isWholeTurn: true, capacity: limit) { _ in }
      // In two lines: it is their sum that counts.
      for count in [limit / 2, limit - limit / 2 + offset] {
        let line = [UInt8](repeating: 0x20, count: count)
        recording.run(run, didReceive: message, in: line.span)
      }
      let second = RunRecorder()
      recording.replay(to: second)
      #expect(second.lines.count == (recording.isWhole ? 2 : 0))
      #expect(recording.kept == (recording.isWhole ? limit + offset : 0))
      return recording.isWhole ? "whole" : "not kept"
    }
    #expect(outcomes == ["whole", "whole", "not kept"])
    run.cancel()
  }
}
