import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Glibc
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

/// A run's stream, a run without a process, and the client's end of a connection.
@Reactor
private final class StreamHarness {
  let scheduler = ManualScheduler()
  let stream: RunStream<ChatCompletionEncoder>
  private(set) var outcomes: [AnswerOutcome] = []
  private(set) var isCancelled = false
  private(set) var run: Run?
  private var server: HTTPServer?
  private var client: Int32 = -1

  init(grace: Duration? = nil, stop: [String] = []) {
    let identity = ChatCompletionIdentity(id: "c", created: 1, model: "m")
    weak var harness: StreamHarness?
    stream = RunStream(
      ChatCompletionEncoder(identity, includesUsage: false, AnswerPlan(stop: stop)), scheduler: scheduler,
      grace: grace
    ) { _, outcome in
      harness?.outcomes.append(outcome)
    }
    run = .idle(scheduler, stream) { harness?.isCancelled = true }
    harness = self
  }

  func emit(_ lines: [String]) {
    guard let run else { return }
    for line in lines {
      let bytes = Array(line.utf8)
      let message = StreamMessage(scanning: bytes.span)
      if let message { stream.run(run, didReceive: message, in: bytes.span) }
    }
  }

  func end(_ outcome: RunOutcome) {
    guard let run else { return }
    stream.run(run, didEnd: outcome)
  }

  /// What waiting for the head comes to.
  func ready() -> Task<ClaudeError?, Never> {
    Task.onLoop { [self] in
      guard let run else { return nil }
      do throws(ClaudeError) {
        stream.follow(run)
        try await stream.untilReady()
        return nil
      } catch {
        return error
      }
    }
  }

  /// Gives the stream a connection.
  func connect() async throws {
    let server = HTTPServer(
      logger: .silent, clock: { Timestamp(milliseconds: 0) }, scheduler: scheduler
    ) { [stream] _, _ in .response(.eventStream(stream)) }
    try server.listen(host: "127.0.0.1", port: 0)
    self.server = server
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    try #require(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
    client = ends[1]
    server.adopt(ends[0], peer: "client:1")
    let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    try #require(unsafe write(client, request, request.count) == request.count)
    await until { self.received().contains("\r\n\r\n") }
  }

  private var taken = ""

  /// Everything the client has got so far, head and chunk sizes included.
  func received() -> String {
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    let count = unsafe read(client, &part, part.count)
    if count > 0 { taken += String(decoding: part[..<count], as: UTF8.self) }
    return taken
  }

  func leave() {
    close(client)
    client = -1
  }

  func shutDown() {
    server?.stopListening()
    server?.closeAllConnections()
    if client >= 0 { close(client) }
  }
}

@Reactor
@Suite(.bounded)
struct RunStreamTests {
  private static let lost = ClaudeError(.lost, "gone", reachedCLI: true)
  private static let left = ClaudeError(.cancelled, "The client left", reachedCLI: true)

  @Test("the head is sent with the first content")
  func firstContent() async {
    let harness = StreamHarness()
    var error: ClaudeError? = Self.lost
    var isReady = false
    let ready = harness.ready()
    let waiting = Task.onLoop {
      error = await ready.value
      isReady = true
    }
    await nextTurn()
    harness.emit([CLILine.initLine, CLILine.messageStart("m"), CLILine.textStart])
    for _ in 0..<5 { await nextTurn() }
    #expect(!isReady)
    harness.emit([CLILine.text("a")])
    await waiting.value
    #expect(error == nil)
    #expect(harness.outcomes.isEmpty)
    // A run under way and its stream hold each other.
    harness.stream.clientDidLeave()
  }

  @Test("a failure before content is thrown, in either order")
  func earlyFailure() async {
    for endsFirst in [true, false] {
      let harness = StreamHarness()
      if endsFirst { harness.end(.failed(Self.lost)) }
      let ready = harness.ready()
      await nextTurn()
      if !endsFirst { harness.end(.failed(Self.lost)) }
      #expect(await ready.value == Self.lost)
      #expect(harness.outcomes == [.ended(.failed(Self.lost))])
    }
  }

  @Test("an error result before content is thrown, and does not count as an answer")
  func badResult() async throws {
    let harness = StreamHarness()
    let bytes = Array(CLILine.result("", turns: 0).utf8)
    let result = TurnResult(bytes.span)
    harness.end(.result(try #require(result)))
    #expect(await harness.ready().value?.kind == .empty)
    #expect(harness.outcomes.count == 1)
    guard case .ended(.failed(let error)) = harness.outcomes.first else {
      Issue.record("it ended as a result")
      return
    }
    #expect(error.kind == .empty)
  }

  @Test("after ten seconds the head is sent without content")
  func timeout() async throws {
    let limit = Duration.seconds(10)
    let outcomes = try await LimitTable.row("first content", limit) { offset in
      let harness = StreamHarness()
      var isReady = false
      let ready = harness.ready()
      let waiting = Task.onLoop {
        _ = await ready.value
        isReady = true
      }
      await nextTurn()
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      for _ in 0..<5 { await nextTurn() }
      let outcome = isReady ? "head" : "waits"
      harness.scheduler.advance(by: .milliseconds(1))
      await waiting.value
      // From then on a failure is a frame.
      try await harness.connect()
      harness.end(.failed(Self.lost))
      await until { harness.received().contains("0\r\n\r\n") }
      #expect(harness.received().contains(#"data: {"error":{"message":"gone","type":"server_error""#))
      #expect(harness.received().contains("data: [DONE]"))
      harness.shutDown()
      return outcome
    }
    #expect(outcomes == ["waits", "head", "head"])
  }

  @Test("limit: bytes held before the head")
  func held() async throws {
    let limit = RunStream<ClaudeStreamEncoder>.maximumHeld
    let outcomes = try await LimitTable.row("bytes that wait for a head", limit) { offset in
      let scheduler = ManualScheduler()
      let stream = RunStream(
        ClaudeStreamEncoder(includesPartialMessages: true, sessionID: "s"), scheduler: scheduler
      ) { _, _ in }
      let frame = "data: ".utf8.count + 2
      let blanks = limit + offset - frame - CLILine.initLine.utf8.count
      let line = Array((CLILine.initLine + String(repeating: " ", count: blanks)).utf8)
      let message = StreamMessage(scanning: line.span)
      if let message { stream.run(Run.idle(scheduler), didReceive: message, in: line.span) }
      defer { stream.clientDidLeave() }
      return stream.isCongested ? "too much" : "taken"
    }
    #expect(outcomes == ["taken", "taken", "too much"])
  }

  @Test("content is sent as it comes, held content first")
  func streaming() async throws {
    let harness = StreamHarness()
    harness.emit([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("first")])
    #expect(await harness.ready().value == nil)
    try await harness.connect()
    await until { harness.received().contains(#"{"content":"first"}"#) }
    harness.emit([CLILine.text("second")])
    await until { harness.received().contains(#"{"content":"second"}"#) }
    #expect(!harness.received().contains("[DONE]"))
    harness.emit([CLILine.messageDelta("end_turn"), CLILine.messageStop])
    let bytes = Array(CLILine.result("firstsecond").utf8)
    let result = TurnResult(bytes.span)
    harness.end(.result(try #require(result)))
    await until { harness.received().contains("0\r\n\r\n") }
    let text = harness.received()
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(text.contains("content-type: text/event-stream"))
    #expect(text.ranges(of: #"{"content":"first"}"#).count == 1)
    #expect(text.ranges(of: "data: [DONE]\n\n").count == 1)
    #expect(harness.outcomes.count == 1)
    harness.shutDown()
  }

  @Test("a silent stream gets a comment every ten seconds until the run ends")
  func keepAlive() async throws {
    let harness = StreamHarness()
    harness.emit([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("a")])
    #expect(await harness.ready().value == nil)
    try await harness.connect()
    await until { harness.received().contains(#"{"content":"a"}"#) }
    harness.scheduler.advance(by: .milliseconds(9_999))
    harness.emit([CLILine.text("b")])
    await until { harness.received().contains(#"{"content":"b"}"#) }
    harness.scheduler.advance(by: .milliseconds(9_999))
    for _ in 0..<5 { await nextTurn() }
    #expect(!harness.received().contains(": ping"))
    harness.scheduler.advance(by: .milliseconds(1))
    await until { harness.received().contains("\r\n: ping\n\r\n") }
    harness.scheduler.advance(by: .seconds(10))
    await until { harness.received().ranges(of: ": ping\n").count == 2 }
    harness.end(.failed(Self.lost))
    await until { harness.received().contains("0\r\n\r\n") }
    harness.scheduler.advance(by: .seconds(60))
    for _ in 0..<5 { await nextTurn() }
    #expect(harness.received().ranges(of: ": ping\n").count == 2)
    harness.shutDown()
  }

  @Test("a client that leaves cancels its run once")
  func cancellation() async throws {
    let harness = StreamHarness()
    harness.emit([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("a")])
    #expect(await harness.ready().value == nil)
    try await harness.connect()
    harness.leave()
    await until { harness.isCancelled }
    harness.stream.clientDidLeave()
    harness.emit([CLILine.text("b")])
    harness.end(.failed(Self.lost))
    #expect(harness.outcomes == [.ended(.failed(Self.left))])
    harness.shutDown()
  }

  @Test("a client that leaves before the head gets no response, and the run ends")
  func earlyDeparture() async {
    let harness = StreamHarness()
    let ready = harness.ready()
    await nextTurn()
    harness.stream.clientDidLeave()
    #expect(await ready.value == Self.left)
    #expect(harness.isCancelled)
    #expect(harness.outcomes == [.ended(.failed(Self.left))])
  }

  // MARK: Clients that come back

  private static let grace = Duration.seconds(2)

  @Test("limit: grace for a retrying client that leaves before the response")
  func grace() async throws {
    let outcomes = try await LimitTable.row("return of a client", Self.grace) { offset in
      let harness = StreamHarness(grace: Self.grace)
      let ready = harness.ready()
      await nextTurn()
      harness.stream.clientDidLeave()
      // The connection says so, too, and does not make it longer.
      harness.scheduler.advance(by: .milliseconds(500))
      harness.stream.clientDidLeave()
      harness.scheduler.advance(by: Self.grace + .milliseconds(offset - 500))
      let isCancelled = harness.isCancelled
      harness.scheduler.advance(by: .milliseconds(1))
      #expect(await ready.value == Self.left)
      #expect(harness.outcomes == [.ended(.failed(Self.left))])
      return isCancelled ? "ends" : "goes on"
    }
    #expect(outcomes == ["goes on", "ends", "ends"])
  }

  @Test("a run that ends within the grace completes")
  func endWithinGrace() async throws {
    let harness = StreamHarness(grace: Self.grace)
    let ready = harness.ready()
    await nextTurn()
    harness.stream.clientDidLeave()
    harness.emit([CLILine.initLine] + CLILine.message("m", "a"))
    let bytes = Array(CLILine.result("a").utf8)
    let read = TurnResult(bytes.span)
    let result = try #require(read)
    harness.end(.result(result))
    #expect(await ready.value == nil)
    harness.scheduler.advance(by: Self.grace)
    #expect(!harness.isCancelled)
    #expect(harness.outcomes == [.ended(.result(result))])
  }

  @Test("content within the grace does not extend it")
  func contentWithinGrace() async {
    let harness = StreamHarness(grace: Self.grace)
    let ready = harness.ready()
    await nextTurn()
    harness.stream.clientDidLeave()
    harness.emit([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("a")])
    #expect(await ready.value == nil)
    harness.scheduler.advance(by: Self.grace - .milliseconds(1))
    #expect(!harness.isCancelled)
    harness.scheduler.advance(by: .milliseconds(1))
    #expect(harness.isCancelled)
    #expect(harness.outcomes == [.ended(.failed(Self.left))])
  }

  @Test("after the first byte there is no grace")
  func cancellationAfterTheFirstByte() async throws {
    let harness = StreamHarness(grace: Self.grace)
    harness.emit([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("a")])
    #expect(await harness.ready().value == nil)
    try await harness.connect()
    harness.leave()
    await until { harness.isCancelled }
    #expect(harness.isCancelled)
    #expect(harness.outcomes == [.ended(.failed(Self.left))])
    harness.shutDown()
  }

  @Test("a diverging answer ends the run with an error")
  func diverged() async throws {
    let harness = StreamHarness()
    harness.emit(CLILine.cut("m1", "a b"))
    #expect(await harness.ready().value == nil)
    harness.emit(CLILine.message("m2", "a c"))
    #expect(harness.isCancelled)
    try await harness.connect()
    await until { harness.received().contains("0\r\n\r\n") }
    #expect(harness.received().contains("upstream_diverged"))
    #expect(harness.outcomes.count == 1)
    harness.shutDown()
  }

  // MARK: Stop sequences

  @Test("a stream ends at a stop sequence, and its run is left")
  func stopped() async throws {
    let harness = StreamHarness(stop: ["STOP"])
    harness.emit([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("one ST")])
    #expect(await harness.ready().value == nil)
    try await harness.connect()
    await until { harness.received().contains(#"{"content":"one "}"#) }
    #expect(!harness.received().contains("finish_reason\":\"stop"))
    #expect(!harness.isCancelled)
    harness.emit([CLILine.text("OP two"), CLILine.text("three")])
    #expect(harness.isCancelled)
    harness.end(.failed(Self.lost))
    await until { harness.received().contains("0\r\n\r\n") }
    let text = harness.received()
    #expect(text.ranges(of: #"{"content":"#).count == 1)
    #expect(text.ranges(of: #""finish_reason":"stop""#).count == 1)
    #expect(text.ranges(of: "data: [DONE]\n\n").count == 1)
    #expect(!text.contains("error") && !text.contains("two"))
    #expect(harness.outcomes == [.complete])
    harness.shutDown()
  }

  @Test("text that begins with a stop sequence is an empty answer")
  func stoppedAtOnce() async throws {
    let harness = StreamHarness(stop: ["STOP"])
    let ready = harness.ready()
    await nextTurn()
    harness.emit([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("STOP one")])
    #expect(await ready.value == nil)
    #expect(harness.isCancelled)
    try await harness.connect()
    await until { harness.received().contains("0\r\n\r\n") }
    #expect(harness.received().contains(#"{"role":"assistant","content":""}"#))
    #expect(harness.received().ranges(of: #""finish_reason":"stop""#).count == 1)
    #expect(!harness.received().contains("one"))
    harness.shutDown()
  }
}
