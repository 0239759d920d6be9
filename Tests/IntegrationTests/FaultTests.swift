import Bytes
import Testing

/// A fault of the CLI, and what each dialect makes of it.
struct FaultCase: Sendable, CustomTestStringConvertible {
  enum Outcome: Sendable, Equatable {
    case text(String, finish: String)
    /// An HTTP status when nothing was said before, else an error at the end of the stream, after this text.
    case error(ErrorBody, after: String)
  }

  enum NativeOutcome: Sendable, Equatable {
    /// The CLI's own result, with its text.
    case result(String)
    /// The CLI's own result, which is an error.
    case failed(subtype: String)
    /// A result that the server made up.
    case ended(subtype: String)
  }

  let directive: String
  let chat: Outcome
  let native: NativeOutcome

  init(_ directive: String, _ chat: Outcome, _ native: NativeOutcome) {
    self.directive = directive
    self.chat = chat
    self.native = native
  }

  var testDescription: String { directive }

  static let answer = "You said: one two three four"
  var prompt: String { "one two three four\nsimulate: \(directive)" }

  private static func fine(_ directive: String, text: String = answer, finish: String = "stop", result: String? = nil)
    -> FaultCase
  {
    FaultCase(directive, .text(text, finish: finish), .result(result ?? text))
  }

  private static let lost = ErrorBody(502, "server_error", code: "claude_lost")
  private static let party = "grüße 🎉 für alle 日本語 "

  static let harmless: [FaultCase] = [
    fine("junk=5"), fine("unknown=4"), fine("big-line=3000000"), fine("split-utf8", text: party),
    fine("surrogates", text: "party 🎉 done "), fine("cut=0"), fine("cut=2"), fine("cut=6"), fine("cut=3 thinking"),
    fine("repair=0"), fine("repair=3"), fine("no-partial"), fine("mirror=3"), fine("rate-limit"), fine("subagent"),
    fine("two-results"), fine("late-exit=300"), fine("exit-after"), fine("thinking=3"), fine("tool=Bash,Read"),
    fine("refusal", finish: "content_filter"), fine("max-tokens", result: "two three four"),
    fine("refusal-retry", result: "two three four"), fine("retry=429 retry-delay=50"),
    fine("retry=529 retries=3 retry-delay=30"), fine("junk unknown rate-limit mirror split-utf8 cut=1", text: party),
    fine("preamble=2 tool=Bash tokens=2", text: "p0 p1 \n\nw0 w1 ", result: "w0 w1 "),
  ]

  static let fatal: [FaultCase] = [
    FaultCase("crash", .error(lost, after: ""), .ended(subtype: "error")),
    FaultCase("crash=3", .error(lost, after: "You said: one "), .ended(subtype: "error")),
    FaultCase("kill", .error(lost, after: ""), .ended(subtype: "error")),
    FaultCase("kill=3", .error(lost, after: "You said: one "), .ended(subtype: "error")),
    FaultCase("no-result-exit", .error(lost, after: answer), .ended(subtype: "error")),
    FaultCase(
      "empty", .error(ErrorBody(502, "server_error", code: "empty_answer"), after: ""), .result("")),
    FaultCase(
      "cut-differs=2",
      .error(ErrorBody(502, "server_error", code: "upstream_diverged"), after: "You said: "),
      .result("You other1 other2 other3 other4 other5 ")),
    FaultCase("error-max-turns", .text(answer, finish: "length"), .failed(subtype: "error_max_turns")),
    upstream(400, ErrorBody(400, "invalid_request_error", code: "upstream_invalid_request")),
    upstream(401, ErrorBody(401, "authentication_error", code: "upstream_authentication_failed")),
    upstream(403, ErrorBody(403, "permission_error", code: "upstream_permission_denied")),
    upstream(429, ErrorBody(429, "rate_limit_error", code: "rate_limit_exceeded")),
    upstream(500, ErrorBody(502, "server_error", code: "upstream_error")),
    upstream(529, ErrorBody(503, "server_error", code: "overloaded")),
    // The native stream waits as the CLI does.
    FaultCase(
      "retry=401 retry-delay=400",
      .error(ErrorBody(401, "authentication_error", code: "upstream_authentication_failed"), after: ""),
      .result(answer)),
    FaultCase(
      "retry=403 retry-delay=400",
      .error(ErrorBody(403, "permission_error", code: "upstream_permission_denied"), after: ""), .result(answer)),
    FaultCase(
      "retry=429 retries=4 retry-delay=300",
      .error(ErrorBody(429, "rate_limit_error", code: "rate_limit_exceeded"), after: ""), .result(answer)),
    FaultCase(
      "retry=529 retries=4 retry-delay=300",
      .error(ErrorBody(503, "server_error", code: "overloaded"), after: ""), .result(answer)),
  ]

  private static func upstream(_ status: Int, _ error: ErrorBody) -> FaultCase {
    FaultCase("api-error=\(status)", .error(error, after: ""), .failed(subtype: "success"))
  }
}

/// Each fault of the simulator's list, in each form an answer has.
@Suite(.beside, .server(["UPSTREAM_RETRY_TIMEOUT_MS": "1000"]))
struct FaultTests {
  @Test(
    "a fault in a stream loses no text and never looks like success", arguments: FaultCase.harmless + FaultCase.fatal)
  func streamed(fault: FaultCase) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.chat(fault.prompt, stream: true))
    switch fault.chat {
    case .error(let error, after: ""):
      #expect(try answer.error() == error)
      #expect(answer["x-should-retry"] == "false")
    case .error(let error, let text):
      #expect(answer.status == 200)
      let chat = try answer.chat()
      #expect(chat.violations == [])
      #expect(chat.content == text)
      #expect(try ErrorBody(status: error.status, ["error": chat.error ?? .null]) == error)
    case .text(let text, let finish):
      #expect(answer.status == 200)
      let chat = try answer.chat()
      #expect(chat.violations == [])
      #expect(chat.error == nil)
      #expect(chat.content == text)
      #expect(chat.finishReason == finish)
      #expect(!chat.reasoning.contains("SUBAGENT"))
    }
  }

  @Test("a fault without streaming is an error or the whole text", arguments: FaultCase.harmless + FaultCase.fatal)
  func whole(fault: FaultCase) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.chat(fault.prompt, stream: false))
    switch fault.chat {
    case .error(let error, _):
      #expect(try answer.error() == error)
      #expect(answer["x-should-retry"] == "false")
    case .text(let text, let finish):
      #expect(try answer.completion() == text)
      #expect(try answer.json()["choices"]?.array?.first?["finish_reason"]?.string == finish)
    }
  }

  @Test("the native stream always ends with a result", arguments: FaultCase.harmless + FaultCase.fatal)
  func native(fault: FaultCase) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.native(fault.prompt))
    #expect(answer.status == 200)
    let lines = try answer.lines()
    #expect(lines.first?["type"] == "system")
    #expect(lines.filter { $0["type"] == "result" }.count == 1)
    let result = try #require(lines.last)
    #expect(result["type"] == "result")
    #expect(result["session_id"]?.string == answer["x-session-id"])
    switch fault.native {
    case .result(let text):
      #expect(result["result"]?.string == text)
      #expect(result["is_error"] == false)
    case .failed(let subtype):
      #expect(result["subtype"]?.string == subtype)
      #expect(result["is_error"] == true)
      #expect(result["num_turns"] != nil)
    case .ended(let subtype):
      #expect(result.object?.keys == ["type", "subtype", "is_error", "result", "session_id"])
      #expect(result["subtype"]?.string == subtype)
      #expect(result["is_error"] == true)
    }
  }

  @Test("a CLI that exits with error output is an error on every route")
  func standardErrorOnly() async throws {
    let server = try ServerUnderTest.ofSuite
    for request in [
      ClientRequest.chat("simulate: stderr-only", stream: true), .chat("simulate: stderr-only", stream: false),
      .native("simulate: stderr-only"),
    ] {
      let answer = try await server.send(request)
      #expect(answer.status >= 500)
      #expect(try answer.error().type == "server_error")
      #expect(answer.text.contains("something went wrong"))
    }
  }

  @Test("a CLI that cannot start is an error, and health reports it")
  func cannotStart() async throws {
    try await ServerUnderTest.run(["CLAUDE_SIMULATOR": "stderr-only"]) { server in
      for request in [
        ClientRequest.chat("hello", stream: true), .chat("hello", stream: false), .native("hello"),
      ] {
        let answer = try await server.send(request)
        #expect(try answer.error() == ErrorBody(500, "server_error", code: "claude_refused"))
      }
    }
  }

  @Test("a denied tool is reported as thinking")
  func deniedTool() async throws {
    let server = try ServerUnderTest.ofSuite
    let denied = try await server.send(.chat("simulate: ask=Bash tokens=2", stream: true)).chat()
    #expect(denied.violations == [])
    #expect(denied.content == "w0 w1 ")
    #expect(denied.reasoning.hasPrefix("[Bash] echo hi\n"))
    #expect(denied.reasoning.contains("[failed]"))
    let allowed = try await server.send(
      .chat("simulate: ask=Bash tokens=2", stream: true, ["allowed-tools": ["Bash"]])
    ).chat()
    #expect(allowed.content == "w0 w1 ")
    #expect(allowed.reasoning == "[Bash] echo hi\n")
  }
}

/// CLIs that say nothing, or go on for ever.
@Suite(.beside)
struct TimeoutTests {
  private static let hangs = ["hang", "hang=2", "hang-hard", "hang-hard hang=2", "no-result"]
  private static let timeout = ErrorBody(504, "timeout_error", code: "timeout")

  @Test("a silent CLI ends in a timeout and leaves nothing behind", arguments: hangs)
  func inactivity(directive: String) async throws {
    try await ServerUnderTest.run(["CLAUDE_INACTIVITY_TIMEOUT_MS": "2000"]) { server in
      try await expectTimeOut(server, "tokens=4 \(directive)", says: !["hang", "hang-hard"].contains(directive))
    }
  }

  @Test("an endless answer ends at the total timeout")
  func total() async throws {
    try await ServerUnderTest.run(["CLAUDE_TOTAL_TIMEOUT_MS": "3000"]) { server in
      try await expectTimeOut(server, "tokens=100000 gap=50", says: true)
    }
  }

  private func expectTimeOut(_ server: ServerUnderTest, _ directive: String, says: Bool) async throws {
    let prompt = "simulate: \(directive)"
    let transfers = [
      ClientRequest.chat(prompt, stream: true), .chat(prompt, stream: false), .native(prompt),
    ].map(server.start)
    let streamed = try await transfers[0].answer()
    if says {
      let chat = try streamed.chat()
      #expect(chat.violations == [])
      #expect(chat.content.hasPrefix("w0 w1 "))
      #expect(chat.error?["code"] == "timeout")
    } else {
      #expect(try streamed.error() == Self.timeout)
    }
    #expect(try await transfers[1].answer().error() == Self.timeout)
    let last = try #require(try await transfers[2].answer().lines().last)
    #expect(last["type"] == "result")
    #expect(last["subtype"] == "timeout")
    #expect(last["is_error"] == true)
    #expect(try await server.family.gone(within: ServerUnderTest.teardownLimit))
  }

  @Test("a slow CLI is not inactive")
  func slowSpeaker() async throws {
    try await ServerUnderTest.run(["CLAUDE_INACTIVITY_TIMEOUT_MS": "2000"]) { server in
      let answer = try await server.send(.chat("simulate: tokens=4 gap=900", stream: true))
      #expect(try answer.chat().content == "w0 w1 w2 w3 ")
    }
  }
}
