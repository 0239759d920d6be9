import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// Conversations that are told to a new session as a transcript.
@Reactor
@Suite(.bounded)
struct ImportedSessionTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()
  private let second = RunRecorder()
  private let log = LogLines()

  private nonisolated static let past: [ConversationMessage] = [
    .init(.user, [.text("one")]), .init(.assistant, [.text("a")]), .init(.user, [.text("two")]),
    .init(.assistant, [.text("b")]),
  ]

  private func imported(_ harness: ExecutorHarness, _ session: String = ExecutorHarness.session) -> Turn {
    let words: [ContentBlock] = [.text("in words\nsimulate: recall")]
    return harness.turn(
      "three\nsimulate: recall", .imported(id: session, Transcript(Self.past), fallback: HistoryPrompt(words)))
  }

  private func harness(_ cli: String) -> ExecutorHarness { ExecutorHarness(cli, directory, logger: log.logger) }

  private func hasTranscript(_ session: String) -> Bool {
    let location = TranscriptLocation(
      configuration: ".claude", directory: directory.path, sessionID: session)
    return directory.text(of: location.path) != nil
  }

  @Test("an imported session holds the history, and the turn sends only the new message")
  func told() async throws {
    let harness = harness(try StandInCLI.simulator)
    let run = try await harness.run(imported(harness), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(try recorder.answer().text == "one | two | three")
    #expect(run.sessionID == ExecutorHarness.session)
    #expect(!run.sendsHistoryAsText)
    #expect(hasTranscript(run.sessionID))
    // It is a session as any other from then on.
    _ = try await harness.run(harness.turn("four\nsimulate: recall", .resume(id: run.sessionID)), second)
    _ = await second.result()
    #expect(try second.answer().text == "one | two | three | four")
    #expect(log.lines(containing: "words").isEmpty)
    await harness.settle()
  }

  @Test("if the transcript cannot be written, the history is sent as text in the same session")
  func unwritable() async throws {
    directory.write("", to: ".claude")
    let harness = harness(try StandInCLI.simulator)
    let run = try await harness.run(imported(harness), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(try recorder.answer().text == "in words")
    #expect(run.sendsHistoryAsText && run.sessionID == ExecutorHarness.session)
    let lines = log.lines(containing: "a transcript cannot be written; the history is sent as text")
    #expect(lines.count == 1)
    #expect(lines.first?.contains(#""level":"error""#) == true)
    await harness.settle()
  }

  /// The simulator, but for sessions that it is to resume: those it does not know, and says so as the CLI does.
  private func refusingCLI() throws -> String {
    directory.write(
      Recording("cli-2.1.329/unknown-resume").lines.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined(),
      to: "refusal")
    return StandInCLI.script(
      """
      echo x >> '\(directory.path)/starts'
      case " $* " in *" --resume="*) echo x >> '\(directory.path)/refusals'; cat '\(directory.path)/refusal'; exit 1;; esac
      exec '\(try StandInCLI.simulator)' "$@"
      """, in: directory)
  }

  @Test("if the CLI rejects the transcript, the same run sends the history as text in a new session")
  func refused() async throws {
    let harness = harness(try refusingCLI())
    let run = try await harness.run(imported(harness), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(try recorder.answer().text == "in words")
    #expect(recorder.outcomes.count == 1)
    // The refusal is nothing that the client hears.
    #expect(!recorder.lines.contains { $0.contains("No conversation found") })
    #expect(run.sendsHistoryAsText)
    #expect(run.sessionID != ExecutorHarness.session && run.turn.session == .new(id: run.sessionID))
    #expect(log.lines(containing: "the CLI does not accept our transcripts; histories are sent as text").count == 1)
    #expect(harness.executor.activeRuns == 0 && harness.executor.queuedTurns == 0)
    await harness.settle()
  }

  @Test("after a rejection no transcript is tried")
  func refusedOnce() async throws {
    let harness = harness(try refusingCLI())
    _ = try await harness.run(imported(harness), recorder)
    _ = await recorder.result()
    let other = "22222222-2222-4333-8444-555555555555"
    let run = try await harness.run(imported(harness, other), second)
    _ = await second.result()
    #expect(try second.answer().text == "in words")
    #expect(run.sendsHistoryAsText && run.sessionID == other)
    #expect(hasTranscript(ExecutorHarness.session) && !hasTranscript(other))
    #expect(directory.text(of: "refusals") == "x\n")
    #expect(directory.text(of: "starts") == "x\nx\nx\n")
    await harness.settle()
  }

  @Test("both sessions are free after the run")
  func freed() async throws {
    let harness = harness(try refusingCLI())
    let run = try await harness.run(imported(harness), recorder)
    _ = await recorder.result()
    for session in [ExecutorHarness.session, run.sessionID] {
      // Let in at once: this CLI knows none of them.
      let next = RunRecorder()
      _ = try await harness.run(harness.turn("p", .resume(id: session)), next)
      let result = await next.result()
      #expect(result.flatMap { ClaudeError($0)?.kind } == .sessionNotFound)
    }
    await harness.settle()
  }
}

/// Takes log lines.
private final class LogLines: Sendable {
  private let taken = Mutex<[String]>([])

  func lines(containing text: String) -> [String] { taken.withLock { $0.filter { $0.contains(text) } } }

  var logger: Logger {
    Logger(level: .debug, format: .json, now: { Timestamp(milliseconds: 0) }) { [self] line in
      taken.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
  }
}
