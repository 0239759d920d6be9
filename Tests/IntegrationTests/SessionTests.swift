import Bytes
import TestSupport
import Testing

/// How a request finds its conversation.
@Suite(.beside, .server())
struct SessionTests {
  private static let recall = "two\nsimulate: recall"

  @Test("a response names its session, a new one for each conversation", arguments: [true, false])
  func newSessions(isStreamed: Bool) async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.chat("hello", stream: isStreamed))
    let second = try await server.send(.chat("hello", stream: isStreamed))
    #expect(first["x-session-id"]?.count == 36)
    #expect(first["x-session-id"] != second["x-session-id"])
  }

  /// The ways to name a session on the OpenAI route.
  enum Naming: CaseIterable {
    case field, snakeCaseField, metadata, header, inBand, upperCaseHeader

    func request(_ id: String, stream: Bool) -> ClientRequest {
      switch self {
      case .field: .chat(recall, stream: stream, ["session-id": .string(id)])
      case .snakeCaseField: .chat(recall, stream: stream, ["session_id": .string(id)])
      case .metadata: .chat(recall, stream: stream, ["metadata": ["session-id": .string(id)]])
      case .header: .chat(recall, stream: stream, [:], ["x-session-id: \(id)"])
      case .upperCaseHeader: .chat(recall, stream: stream, [:], ["X-Session-ID: \(id.uppercased())"])
      case .inBand: .chat("session-id=\(id)\n\n\(recall)", stream: stream)
      }
    }
  }

  @Test("a session continues wherever its id is given", arguments: Naming.allCases, [true, false])
  func resume(naming: Naming, isStreamed: Bool) async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.chat("one", stream: false))
    let session = try #require(first["x-session-id"])
    let second = try await server.send(naming.request(session, stream: isStreamed))
    #expect(try isStreamed ? second.chat().content == "one | two" : second.completion() == "one | two")
    #expect(second["x-session-id"] == session)
  }

  @Test("a session continues across dialects")
  func acrossDialects() async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.native("one"))
    let session = try #require(first["x-session-id"])
    let second = try await server.send(.chat("two", stream: true, [:], ["x-session-id: \(session)"]))
    #expect(second["x-session-id"] == session)
    let third = try await server.send(.native("three\nsimulate: recall", [:], ["x-session-id: \(session)"]))
    #expect(try third.result() == "one | two | three")
  }

  @Test("without an id the history finds the session", arguments: [true, false])
  func conversationIndex(isStreamed: Bool) async throws {
    let server = try ServerUnderTest.ofSuite
    let opening = "one of \(isStreamed ? "a stream" : "a whole")"
    let first = try await server.send(.chat(opening, stream: isStreamed))
    let said = try isStreamed ? first.chat().content : first.completion()
    var history: [JSONValue] = [.user(opening), .assistant(said), .user("two")]
    let second = try await server.send(.chat(history, stream: isStreamed))
    #expect(second["x-session-id"] == first["x-session-id"])
    let reply = try isStreamed ? second.chat().content : second.completion()
    history += [.assistant(reply), .user("three\nsimulate: recall")]
    let third = try await server.send(.chat(history, stream: isStreamed))
    #expect(third["x-session-id"] == first["x-session-id"])
    let recalled = try isStreamed ? third.chat().content : third.completion()
    #expect(recalled == "\(opening) | two | three")
  }

  @Test("an edited message starts a new session and leaves the old one unchanged")
  func branch() async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.chat("a root", stream: false))
    let said = try first.completion()
    let changed = try await server.send(
      .chat([.user("another root"), .assistant(said), .user("two\nsimulate: recall")], stream: false))
    #expect(changed["x-session-id"] != first["x-session-id"])
    // What the server does not know is told as it was said.
    #expect(try changed.completion() == "another root | two")
    let old = try await server.send(
      .chat([.user("a root"), .assistant(said), .user(Self.recall)], stream: false))
    #expect(try old.completion() == "a root | two")
  }

  @Test("a second continuation of an answer starts a new session")
  func secondBranch() async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.chat("fork me", stream: false))
    let said = try first.completion()
    func goOn(_ text: String) async throws -> ClientAnswer {
      try await server.send(.chat([.user("fork me"), .assistant(said), .user(text)], stream: false))
    }
    let left = try await goOn("left")
    let right = try await goOn("right\nsimulate: recall")
    #expect(left["x-session-id"] == first["x-session-id"])
    #expect(right["x-session-id"] != first["x-session-id"])
    #expect(try right.completion() == "fork me | right")
  }

  @Test("requests on one session run one after the other", arguments: [true, false])
  func oneAtATime(isStreamed: Bool) async throws {
    try await ServerUnderTest.run { server in
      let opening = try await server.send(.chat("zero", stream: false))
      let session = "x-session-id: \(try #require(opening["x-session-id"]))"
      let first = server.start(.chat("one\nsimulate: tokens=4 gap=100", stream: true, [:], [session]))
      try await first.until("w0")
      let second = server.start(.chat("two\nsimulate: recall", stream: isStreamed, [:], [session]))
      let third = server.start(.native("three\nsimulate: recall", [:], [session]))
      #expect(try await first.answer().chat().content == "w0 w1 w2 w3 ")
      let answers = (try await second.answer(), try await third.answer())
      let text = try isStreamed ? answers.0.chat().content : answers.0.completion()
      #expect(["zero | one | two", "zero | one | three | two"].contains(text))
      let native = try answers.1.result()
      #expect(["zero | one | two | three", "zero | one | three"].contains(native))
      #expect((text.count < native.count) == text.hasSuffix("one | two"))
      try await server.logLines(4, "run ended")
      let order = server.log.compactMap { line in
        line.contains("run started") ? "started" : line.contains("run ended") ? "ended" : nil
      }
      #expect(order == ["started", "ended", "started", "ended", "started", "ended", "started", "ended"])
    }
  }

  @Test("a client that leaves while queued does not block the session")
  func leavesTheQueue() async throws {
    try await ServerUnderTest.run { server in
      let opening = try await server.send(.chat("zero", stream: false))
      let session = "x-session-id: \(try #require(opening["x-session-id"]))"
      let first = server.start(.chat("one\nsimulate: tokens=2 hang=1", stream: true, [:], [session]))
      try await first.until("w0")
      let second = server.start(.chat("two", stream: false, [:], [session, "x-request-id: leaver"]))
      // Connections are taken in order: it stands in line when the server has answered a later one.
      #expect(try await server.send(.get("/health/live")).status == 200)
      try await second.leave()
      try await server.logLine("request=leaver", "complete=false")
      try await first.leave()
      let last = try await server.send(.chat("three\nsimulate: recall", stream: false, [:], [session]))
      #expect(try last.completion() == "zero | one | three")
    }
  }

  @Test("an unknown session is 404")
  func unknownSession() async throws {
    let server = try ServerUnderTest.ofSuite
    let id = "00000000-1111-4222-8333-444444444444"
    let expected = ErrorBody(404, "invalid_request_error", param: "session-id", code: "session_not_found")
    #expect(try await server.send(.native("hello", ["session-id": .string(id)])).error() == expected)
    for isStreamed in [true, false] {
      let answer = try await server.send(.chat("hello", stream: isStreamed, [:], ["x-session-id: \(id)"]))
      #expect(try answer.error() == expected)
    }
  }

  // MARK: Options

  @Test("a session's options hold for its next turns unless given again")
  func inheritance() async throws {
    let server = try ServerUnderTest.ofSuite
    let base = "\(server.directory.workspaces)/workspace"
    let first = try await server.send(.native("one", ["workspace": "heir", "allowed-tools": ["Bash"]]))
    let session = try #require(first["x-session-id"])
    let field = "x-session-id: \(session)"
    #expect(try await server.send(.native("simulate: cwd", [:], [field])).result() == "\(base)/heir")
    #expect(
      try await server.send(.chat("simulate: cwd", stream: true, [:], [field])).chat().content == "\(base)/heir")
    let argv = try await server.send(.chat("simulate: argv", stream: false, [:], [field])).completion()
    #expect(try JSONValue(parsing: argv).array?.contains("--allowedTools=Bash") == true)
    let changed = try await server.send(
      .chat("simulate: argv", stream: false, ["allowed-tools": ["Edit"]], [field])
    ).completion()
    #expect(try JSONValue(parsing: changed).array?.contains("--allowedTools=Edit") == true)
  }

  @Test("options in the first message hold for the conversation")
  func inBandInheritance() async throws {
    let server = try ServerUnderTest.ofSuite
    let opening = "workspace=in-band\n\none"
    let first = try await server.send(.chat(opening, stream: false))
    let second = try await server.send(
      .chat([.user(opening), .assistant(try first.completion()), .user("simulate: cwd")], stream: false))
    #expect(second["x-session-id"] == first["x-session-id"])
    #expect(try second.completion() == "\(server.directory.workspaces)/workspace/in-band")
  }

  @Test("a message that names another workspace starts a new session with the history")
  func movedConversation() async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.chat("workspace=old\n\none", stream: false))
    let second = try await server.send(
      .chat(
        [
          .user("workspace=old\n\none"), .assistant(try first.completion()),
          .user("workspace=new\n\ntwo\nsimulate: recall"),
        ],
        stream: false))
    #expect(second["x-session-id"] != first["x-session-id"])
    #expect(try second.completion() == "one | two")
    let third = try await server.send(
      .chat("simulate: cwd", stream: false, [:], ["x-session-id: \(try #require(second["x-session-id"]))"]))
    #expect(try third.completion() == "\(server.directory.workspaces)/workspace/new")
  }

  // MARK: The session in the content

  @Test("with SESSION_IN_CONTENT a conversation continues after a restart", arguments: [true, false])
  func restart(isStreamed: Bool) async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    let settings = ["SESSION_IN_CONTENT": "on"]
    let opening = "workspace=lasting\n\none"
    let (said, session) = try await ServerUnderTest.run(settings, in: directory) { server in
      let answer = try await server.send(.chat(opening, stream: isStreamed))
      let session = try #require(answer["x-session-id"])
      let content = try isStreamed ? answer.chat().content : answer.completion()
      #expect(content == "session-id=\(session)\nworkspace=lasting\n\nYou said: one")
      return (content, session)
    }
    try await ServerUnderTest.run(settings, in: directory) { server in
      let history: [JSONValue] = [.user(opening), .assistant(said), .user("two\nsimulate: recall")]
      let answer = try await server.send(.chat(history, stream: isStreamed))
      #expect(answer["x-session-id"] == session)
      let head = "session-id=\(session)\nworkspace=lasting\n\n"
      let content = try isStreamed ? answer.chat().content : answer.completion()
      #expect(content == head + "one | two")
      let next = history + [.assistant(content), .user("simulate: cwd")]
      let place = try await server.send(.chat(next, stream: false)).completion()
      #expect(place == head + "\(directory.workspaces)/workspace/lasting")
    }
  }

  @Test("by default answers contain no session")
  func cleanContent() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.chat("workspace=clean\n\nhello", stream: true))
    #expect(try answer.chat().content == "You said: hello")
  }
}
