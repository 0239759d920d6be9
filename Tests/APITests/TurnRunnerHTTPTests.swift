import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServerTestSupport
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode
@testable import HTTPServer
@testable import Turns

/// Clients that leave before their answer has begun, and may come back.
@Reactor
@Suite(.bounded)
struct TurnRunnerHTTPTests {
  /// A request whose turn is under way, and a CLI that says what the test tells it to.
  @Reactor
  private final class Harness {
    let scheduler = ManualScheduler()
    let context = RequestContext.detached()
    let cli: LiveCLI
    let executor: ClaudeExecutor
    private let directory = TemporaryDirectory()
    private let runner: TurnRunner
    private let asked: RequestedTurn
    private var contexts: [RequestContext] = []

    /// - Parameters:
    ///   - session: the turn's, if not a new one.
    ///   - prepare: puts files into the home directory, and returns shell commands for the CLI to begin with.
    init(
      _ fields: [String], repeats: IdempotencyCache.Limits = IdempotencyCache.Limits(),
      session: Turn.Session = .new(id: "s"), warnings: [String] = [],
      prepare: (TemporaryDirectory) -> String = { _ in "" }
    ) throws {
      cli = LiveCLI(in: directory, prelude: prepare(directory))
      executor = ClaudeExecutor(
        .test(cli.path, home: directory.path), scheduler: scheduler, logger: .silent, newID: UniqueIDs.next)
      runner = TurnRunner(
        executor: executor, turns: FactoryHarness().factory, scheduler: scheduler,
        repeats: IdempotencyCache(limits: repeats, scheduler: scheduler),
        clock: { Timestamp(milliseconds: 0) }, newID: UniqueIDs.next)
      let turn = Turn(prompt: "p", session: session, directory: directory.path)
      asked = RequestedTurn(
        .turn(turn), on: .claude, for: context.caller(Principal.me),
        IdempotencyKey(try HTTPRequest.of("POST", "/", fields).head, [], Principal.me), warnings: warnings)
    }

    /// The form of the answer.
    enum Form: CaseIterable, Sendable {
      case streamed, whole
    }

    /// Starts the turn, and returns when the CLI has it.
    ///
    /// - Returns: the status of the error it ends with; nil for an answer.
    func begin(_ form: Form) async -> Task<Int?, Never> {
      let task = Task.onLoop { [self] () async -> Int? in
        do {
          _ = try await answer(form, asked)
          return nil
        } catch let error as RequestError {
          return error.status
        } catch {
          return -1
        }
      }
      cli.emit(CLILine.initLine)
      await until { self.executor.activeRuns == 1 }
      return task
    }

    /// The answer's text.
    func answer(_ form: Form, _ asked: RequestedTurn) async throws -> String {
      let context = contexts.first { $0.cancellation === asked.caller.cancellation } ?? self.context
      switch form {
      case .streamed:
        let identity = ChatCompletionIdentity(id: "c", created: 1, model: "m")
        var text: String?
        _ = try await runner.stream(asked, context) { _ in
          ChatCompletionEncoder(identity, includesUsage: false)
        } onEnd: { _, encoder, _ in
          text = encoder.writer.message.text
        }
        await until { text != nil }
        return text ?? ""
      case .whole:
        return try await runner.collect(asked, context) { _ in
          ChatCompletionEncoder(.example, includesUsage: false, isStreamed: false)
        }.1.writer.message.text
      }
    }

    /// The same request for the second time; nil if it is not known again.
    func again(
      _ fields: [String] = ["x-stainless-retry-count: 1"], body: String = "",
      principal: Principal = Principal.me, context: RequestContext = .detached()
    ) throws -> RequestedTurn? {
      let key = IdempotencyKey(try HTTPRequest.of("POST", "/", fields).head, Array(body.utf8), principal)
      contexts.append(context)
      return try runner.recording(of: key).map {
        RequestedTurn(.repetition($0), on: .claude, for: context.caller(principal), key)
      }
    }

    func end() async {
      await executor.kill()
      for context in contexts + [context] { context.end(RequestSummary(status: nil, bytes: 0, isComplete: false)) }
      scheduler.end()
    }
  }

  private static let grace = Duration.seconds(2)
  private static let repeating = ["x-stainless-lang: python", "x-stainless-retry-count: 0"]

  @Test("limit: grace for a client that may retry", arguments: Harness.Form.allCases)
  private func grace(form: Harness.Form) async throws {
    let outcomes = try await LimitTable.row("repeated request, \(form)", Self.grace) { offset in
      let harness = try Harness(Self.repeating)
      let answer = await harness.begin(form)
      harness.context.cancellation.cancel()
      harness.scheduler.advance(by: Self.grace + .milliseconds(offset))
      let runs = harness.executor.activeRuns
      harness.scheduler.advance(by: .milliseconds(1))
      #expect(harness.executor.activeRuns == 0)
      #expect(await answer.value == 503)
      await harness.end()
      return runs == 1 ? "goes on" : "ends"
    }
    #expect(outcomes == ["goes on", "ends", "ends"])
  }

  @Test("without retries a run ends at once", arguments: Harness.Form.allCases)
  private func withoutGrace(form: Harness.Form) async throws {
    let harness = try Harness(["user-agent: curl"])
    let answer = await harness.begin(form)
    harness.context.cancellation.cancel()
    #expect(harness.executor.activeRuns == 0)
    #expect(await answer.value == 503)
    await harness.end()
  }

  @Test("a run that ends within the grace completes", arguments: Harness.Form.allCases)
  private func endWithinGrace(form: Harness.Form) async throws {
    let harness = try Harness(Self.repeating)
    let answer = await harness.begin(form)
    harness.context.cancellation.cancel()
    for line in CLILine.message("m", "a") + [CLILine.result("a")] { harness.cli.emit(line) }
    #expect(await answer.value == nil)
    await until { harness.executor.activeRuns == 0 }
    // The time of the grace passes without a run to end.
    harness.scheduler.advance(by: Self.grace)
    #expect(harness.executor.processStatistics.killed == 0)
    await harness.end()
  }

  // MARK: The response's head

  @Test("the head names the session and the warnings", arguments: Harness.Form.allCases)
  private func head(form: Harness.Form) async throws {
    let harness = try Harness([], warnings: ["w"])
    let first = await harness.begin(form)
    for line in Self.answer { harness.cli.emit(line) }
    #expect(await first.value == nil)
    #expect(harness.context.responseField("x-session-id") == "s")
    #expect(harness.context.responseField("x-claude-warning") == "w")
    await harness.end()
  }

  // MARK: Repetitions

  private static let answer = CLILine.message("m", "a", "b") + [CLILine.result("ab")]

  @Test("a retried request joins the running run and gets all of it", arguments: Harness.Form.allCases)
  private func joins(form: Harness.Form) async throws {
    let harness = try Harness(Self.repeating)
    let first = await harness.begin(form)
    for line in Self.answer.prefix(3) { harness.cli.emit(line) }
    harness.context.cancellation.cancel()
    let context = RequestContext.detached()
    let again = try #require(try harness.again(context: context))
    #expect(again.advancesConversation && again.isWholeTurn)
    let second = Task.onLoop { try? await harness.answer(form, again) }
    // The first client's time is up; the second is one the run goes on for.
    await nextTurn()
    harness.scheduler.advance(by: Self.grace)
    #expect(harness.executor.activeRuns == 1)
    for line in Self.answer.dropFirst(3) { harness.cli.emit(line) }
    #expect(await second.value == "ab")
    #expect(context.responseField("x-session-id") == harness.context.responseField("x-session-id"))
    #expect(harness.executor.processStatistics.spawned == 1)
    _ = await first.value
    await harness.end()
  }

  @Test("a request retried after the end gets the same answer, and nothing runs", arguments: Harness.Form.allCases)
  private func givenAgain(form: Harness.Form) async throws {
    let harness = try Harness(Self.repeating)
    let first = await harness.begin(form)
    for line in Self.answer { harness.cli.emit(line) }
    #expect(await first.value == nil)
    await until { harness.executor.activeRuns == 0 }
    for _ in 0..<2 {
      let again = try #require(try harness.again())
      #expect(!again.advancesConversation)
      #expect(try await harness.answer(form, again) == "ab")
    }
    #expect(harness.executor.processStatistics.spawned == 1)
    await harness.end()
  }

  @Test("another body, another principal, or no retry marker is a new request")
  func newRequests() async throws {
    let harness = try Harness(Self.repeating)
    let first = await harness.begin(.whole)
    #expect(try harness.again(body: "x") == nil)
    #expect(try harness.again(principal: Principal(id: "you", name: "me")) == nil)
    #expect(try harness.again(Self.repeating) == nil)
    #expect(try harness.again(["user-agent: curl"]) == nil)
    #expect(try harness.again(["idempotency-key: k"]) == nil)
    #expect(try harness.again() != nil)
    for line in Self.answer { harness.cli.emit(line) }
    #expect(await first.value == nil)
    await harness.end()
  }

  @Test("an idempotency key identifies a request; another body under it is rejected")
  func idempotencyKey() async throws {
    let harness = try Harness(["idempotency-key: k"])
    let first = await harness.begin(.whole)
    for line in Self.answer { harness.cli.emit(line) }
    #expect(await first.value == nil)
    #expect(
      try refusal { _ = try harness.again(["idempotency-key: k"], body: "x") }
        == "422 idempotency-key idempotency_key_reused")
    let again = try #require(try harness.again(["idempotency-key: k"]))
    #expect(try await harness.answer(.whole, again) == "ab")
    #expect(try harness.again(["idempotency-key: l"]) == nil)
    await harness.end()
  }

  @Test(
    "an answer too long to repeat is an error that forbids a retry", arguments: Harness.Form.allCases)
  private func tooLong(form: Harness.Form) async throws {
    var limits = IdempotencyCache.Limits()
    limits.run = 200
    let harness = try Harness(Self.repeating, repeats: limits)
    let first = await harness.begin(form)
    for line in Self.answer { harness.cli.emit(line) }
    #expect(await first.value == nil)
    let again = try #require(try harness.again())
    let error = await #expect(throws: RequestError.self) { _ = try await harness.answer(form, again) }
    #expect(error?.summary == "502 - claude_failed")
    #expect(error?.mayRetry == false)
    #expect(harness.executor.processStatistics.spawned == 1)
    await harness.end()
  }

  // MARK: Histories

  private static var imported: Turn.Session {
    .imported(
      id: "s", Transcript([.init(.user, [.text("a")]), .init(.assistant, [.text("b")])]),
      fallback: HistoryPrompt([.text("a b c")]))
  }

  private func checkWarning(_ harness: Harness, _ form: Harness.Form) async -> String? {
    let first = await harness.begin(form)
    for line in Self.answer { harness.cli.emit(line) }
    #expect(await first.value == nil)
    #expect(
      harness.context.responseField("x-claude-warning")
        == "the history was sent as text: this CLI does not accept it as a transcript")
    await harness.end()
    return harness.context.responseField("x-session-id")
  }

  @Test("a header warns when the history is sent as text", arguments: Harness.Form.allCases)
  private func inWords(form: Harness.Form) async throws {
    let harness = try Harness([], session: Self.imported) { home in
      home.write("", to: ".claude")
      return ""
    }
    #expect(await checkWarning(harness, form) == "s")
  }

  @Test("if the CLI rejects the transcript, the response names the new session", arguments: Harness.Form.allCases)
  private func refused(form: Harness.Form) async throws {
    let harness = try Harness([], session: Self.imported) { home in
      let lines = Recording("cli-2.1.329/unknown-resume").lines.map { String(decoding: $0, as: UTF8.self) }
      home.write(lines.joined(separator: "\n") + "\n", to: "refusal")
      return #"case " $* " in *" --resume="*) cat '\#(home.path)/refusal'; exit 1;; esac"#
    }
    let session = try #require(await checkWarning(harness, form))
    #expect(session != "s")
    #expect(harness.executor.processStatistics.spawned == 2)
  }
}
