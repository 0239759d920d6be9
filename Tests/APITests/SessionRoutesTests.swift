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
import Workspaces

@testable import API
@testable import ClaudeCode
@testable import HTTPServer
@testable import Turns

/// Sessions over HTTP, without a connection and without a CLI.
@Reactor
@Suite(.bounded)
struct SessionRoutesTests {
  private let directory = TemporaryDirectory()
  private let sessions = SessionStore(clock: { Timestamp(milliseconds: 1_795_235_530_007) })
  private let router: Router

  private nonisolated static let mine = "aaaaaaaa-2222-4333-8444-555555555555"
  private nonisolated static let yours = "bbbbbbbb-2222-4333-8444-555555555555"
  private nonisolated static let nobodys = "cccccccc-2222-4333-8444-555555555555"

  init() {
    let executor = ClaudeExecutor(
      .test("/none", home: directory.path), scheduler: ManualScheduler(), logger: .silent, newID: UniqueIDs.next)
    var router = Router()
    SessionRoutes(sessions: sessions, executor: executor, workspaces: WorkspaceManager(base: "\(directory.path)/base"))
      .add(to: &router)
    self.router = router
    var options = TurnOptions()
    (options.workspace, options.model) = ("w", "opus")
    sessions.begin(Self.mine, for: Principal.me.id, options)
    sessions.account(Self.mine, 0.5)
    sessions.begin(Self.yours, for: "you", TurnOptions())
  }

  /// Status and body; of an error what its answer would be.
  private func send(
    _ method: String, _ path: String, as principal: Principal = Principal.me
  ) async throws -> (status: Int, body: String) {
    let context = RequestContext.detached()
    context[Principal.self] = principal
    do {
      let reply = try router.respond(try .of(method, path), context)
      let response = try await reply.response()
      return (response.head.status.rawValue, try #require(response.text))
    } catch let error as RequestError {
      return (error.status, HTTPError(error).body.text)
    }
  }

  private func write(_ text: String, for session: String = mine, workspace: String = "w") throws {
    let place = "\(directory.path)/base/workspace/\(workspace)"
    var made = ""
    for name in [".claude", "projects", TranscriptLocation.folder(for: place)] {
      made += made.isEmpty ? name : "/\(name)"
      try directory.makeDirectory(made)
    }
    directory.write(text, to: "\(made)/\(session).jsonl")
  }

  @Test("a session is described to its principal")
  func description() async throws {
    let expected =
      #"{"id":"\#(Self.mine)","object":"session","state":"stored","workspace":"w","model":"opus","#
      + #""created_at":1795235530,"last_used_at":1795235530,"turns":1,"cost_usd":0.5}"#
    for id in [Self.mine, Self.mine.uppercased()] {
      let answer = try await send("GET", "/v1/sessions/\(id)")
      #expect(answer == (200, expected + "\n"))
    }
    let list = try await send("GET", "/v1/sessions")
    #expect(list == (200, #"{"object":"list","data":[\#(expected)],"has_more":false}"# + "\n"))
  }

  @Test("a parked session lists its calls, and unknown fields are null")
  func states() {
    let record = SessionRecord(id: "s", principal: "p", options: TurnOptions())
    let rest = #""workspace":null,"model":null,"created_at":null,"last_used_at":null,"turns":0,"cost_usd":0.0"#
    for (state, name, more) in [
      (.running, "running", ""), (.idle, "idle", ""),
      (.parked(calls: ["toolu_a", "b"]), "parked", #","parked_calls":["call_a","b"]"#),
    ] as [(SessionState, String, String)] {
      #expect(record.document(state).text == #"{"id":"s","object":"session","state":"\#(name)",\#(rest)\#(more)}"#)
    }
  }

  @Test(
    "another principal's session looks like a missing one, to admins too",
    arguments: [("GET", ""), ("GET", "/transcript"), ("GET", "/transcript?format=raw"), ("DELETE", "")],
    [Principal.me, Principal.admin])
  func isolation(request: (method: String, suffix: String), principal: Principal) async throws {
    try write("{}\n", for: Self.yours)
    let foreign = try await send(request.method, "/v1/sessions/\(Self.yours)\(request.suffix)", as: principal)
    let unknown = try await send(request.method, "/v1/sessions/\(Self.nobodys)\(request.suffix)", as: principal)
    #expect(foreign.status == 404)
    #expect(foreign.body.contains(#""code":"session_not_found""#))
    #expect(foreign.body.replacing(Self.yours, with: Self.nobodys) == unknown.body)
    #expect(unknown.status == 404)
    #expect(sessions.record(Self.yours) != nil)
    let pages = (
      try await send("GET", "/v1/sessions?after=\(Self.yours)", as: principal),
      try await send("GET", "/v1/sessions?after=\(Self.nobodys)", as: principal)
    )
    #expect(pages.0 == pages.1)
    #expect(try await !send("GET", "/v1/sessions", as: principal).body.contains(Self.yours))
  }

  @Test("a transcript is read from the CLI's file, and empty before there is one")
  func transcript() async throws {
    let path = "/v1/sessions/\(Self.mine)/transcript"
    #expect(try await send("GET", path) == (200, #"{"object":"list","data":[],"has_more":false}"# + "\n"))
    #expect(try await send("GET", path + "?format=raw") == (200, ""))
    let line = #"{"type":"user","uuid":"1","timestamp":"t","message":{"role":"user","content":"hi"}}"# + "\n"
    try write(line)
    #expect(try await send("GET", path + "?format=raw") == (200, line))
    #expect(try await send("GET", path).body.contains(#""text":"hi""#))
    #expect(try await send("GET", path + "?format=x").status == 400)
  }

  @Test("an oversized or invalid transcript is an error with its code")
  func unusable() async throws {
    let path = "/v1/sessions/\(Self.mine)/transcript"
    try write("")
    let folder = ".claude/projects/\(TranscriptLocation.folder(for: "\(directory.path)/base/workspace/w"))"
    let file = "\(directory.path)/\(folder)/\(Self.mine).jsonl"
    try #require(unsafe truncate(file, TranscriptFile.maximumLength + 1) == 0)
    let long = try await send("GET", path)
    #expect(long.status == 422 && long.body.contains(#""code":"transcript_too_large""#))
    try #require(unsafe unlink(file) == 0)
    try directory.makeLink("\(folder)/\(Self.mine).jsonl", to: "/etc/passwd")
    let linked = try await send("GET", path)
    #expect(linked.status == 500 && linked.body.contains(#""code":"transcript_unusable""#))
    #expect(!linked.body.contains("root"))
  }

  @Test("deleting a session removes its transcript and no others")
  func deletion() async throws {
    try write("{}\n")
    let folder = ".claude/projects/\(TranscriptLocation.folder(for: "\(directory.path)/base/workspace/w"))"
    directory.write("{}\n", to: "\(folder)/\(Self.yours).jsonl")
    let answer = try await send("DELETE", "/v1/sessions/\(Self.mine)")
    #expect(answer == (200, #"{"id":"\#(Self.mine)","object":"session","deleted":true}"# + "\n"))
    #expect(directory.text(of: "\(folder)/\(Self.mine).jsonl") == nil)
    #expect(directory.text(of: "\(folder)/\(Self.yours).jsonl") == "{}\n")
    #expect(sessions.record(Self.mine) == nil && sessions.record(Self.yours) != nil)
    #expect(try await send("DELETE", "/v1/sessions/\(Self.mine)").status == 404)
  }

  @Test("a session whose transcript cannot be removed is kept")
  func failedDeletion() async throws {
    try directory.makeDirectory("outside")
    try directory.makeDirectory(".claude")
    try directory.makeLink(".claude/projects", to: "\(directory.path)/outside")
    let answer = try await send("DELETE", "/v1/sessions/\(Self.mine)")
    #expect(answer.status == 500 && answer.body.contains(#""code":"transcript_unusable""#))
    #expect(sessions.record(Self.mine) != nil)
  }
}
