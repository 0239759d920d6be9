import Bytes
import TestSupport
import Testing

/// Every request that the user's README documents, as printed there; what the simulator is asked to show stands in
/// further lines of the prompt.
@Suite(.beside, .server())
struct DocumentedRequestTests {
  private static let key = "sk-1234567890abcdef1234567890abcdef12345678"

  // MARK: /api/claude

  @Test("a prompt alone streams the CLI's lines from the shared workspace")
  func sharedWorkspace() async throws {
    let server = try ServerUnderTest.ofSuite
    let answer = try await server.send(.post("/api/claude", text: #"{"prompt": "List files"}"#))
    #expect(answer.status == 200)
    #expect(answer["content-type"]?.hasPrefix("text/event-stream") == true)
    #expect(answer["cache-control"] == "no-cache, no-transform")
    #expect(answer["x-accel-buffering"] == "no")
    let lines = try answer.lines()
    #expect(lines.map { $0["type"] } == ["system", "system", "assistant", "result"])
    #expect(lines[0]["subtype"] == "init")
    #expect(lines[0]["cwd"]?.string == "\(server.directory.workspaces)/shared_workspace")
    #expect(lines[0]["session_id"]?.string == answer["x-session-id"])
    #expect(lines[2]["message"]?["content"]?.array?.first?["text"] == "You said: List files")
    #expect(try answer.result() == "You said: List files")
  }

  @Test("a named workspace is a directory of that name")
  func customWorkspace() async throws {
    let server = try ServerUnderTest.ofSuite
    let answer = try await server.send(
      .post(
        "/api/claude",
        text: """
          {
              "prompt": "Initialize a Node.js project\\nsimulate: cwd",
              "workspace": "my-nodejs-app"
            }
          """))
    #expect(answer.status == 200)
    #expect(try answer.result() == "\(server.directory.workspaces)/workspace/my-nodejs-app")
  }

  @Test("each documented parameter reaches the CLI")
  func allParameters() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.write(#"{"mcpServers":{"github":{"command":"true"}}}"#, to: "mcp-config.json")
    // As root the CLI refuses to skip permissions outside a sandbox.
    try await ServerUnderTest.run(["IS_SANDBOX": "1"], in: directory) { server in
      let first = try await server.send(.native("first", ["workspace": "my-project"]))
      let session = try #require(first["x-session-id"])
      let text = """
        {
          "prompt": "Create a Python script\\nsimulate: argv",
          "session-id": "\(session)",
          "workspace": "my-project",
          "system-prompt": "You are a Python expert who writes clean, efficient code with proper documentation.",
          "dangerously-skip-permissions": true,
          "allowed-tools": ["Bash", "Edit", "Write"],
          "disallowed-tools": ["WebFetch"],
          "mcp-allowed-tools": ["mcp__github__get_repo"]
        }
        """
      let answer = try await server.send(.post("/api/claude", text: text))
      let arguments = try Self.arguments(try answer.result())
      #expect(arguments.contains("--resume=\(session)"))
      #expect(arguments.contains("--dangerously-skip-permissions"))
      #expect(arguments.contains("--disallowedTools=WebFetch"))
      #expect(arguments.contains("--allowedTools=Bash,Edit,Write,mcp__github__get_repo"))
      #expect(answer["x-session-id"] == session)
    }
  }

  @Test("a system prompt is sent in initialize")
  func systemPrompt() async throws {
    let prompt =
      "You are a senior software engineer who specializes in modern web development with TypeScript and React."
    let answer = try await ServerUnderTest.ofSuite.send(
      .native("Create a web application\nsimulate: init-request", ["system-prompt": .string(prompt)]))
    let request = try JSONValue(parsing: try answer.result())
    #expect(request["systemPrompt"] == [.string(prompt)])
    #expect(request["systemPromptSnapshot"] == false)
  }

  @Test("configured MCP tools are allowed; others are dropped with a warning and a log line")
  func mcpTools() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.write(
      #"{"mcpServers":{"github":{"command":"true","args":["x"]},"other":{"command":"false"}}}"#, to: "mcp-config.json")
    try await ServerUnderTest.run(in: directory) { server in
      let answer = try await server.send(
        .post(
          "/api/claude",
          text: """
            {
                "prompt": "Analyze the Claude-Code-Server repository\\nsimulate: argv",
                "mcp-allowed-tools": ["mcp__github__get_repo", "mcp__deepwiki__ask_question"]
              }
            """))
      let arguments = try Self.arguments(try answer.result())
      #expect(arguments.contains("--allowedTools=mcp__github__get_repo"))
      #expect(arguments.contains("--strict-mcp-config"))
      #expect(arguments.contains { $0.hasPrefix("--mcp-config=\(directory.path)/tmp/") })
      #expect(try answer.lines().first?["mcp_servers"]?.array?.compactMap { $0["name"]?.string } == ["github"])
      let warning = "unknown MCP tools dropped: mcp__deepwiki__ask_question"
      #expect(answer["x-claude-warning"] == warning)
      try await server.logLine("WARN", warning)
    }
  }

  @Test("without MCP tools no MCP configuration is passed")
  func noMCPTools() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.native("simulate: argv"))
    #expect(try Self.arguments(try answer.result()).allSatisfy { !$0.hasPrefix("--mcp-config") })
    #expect(answer["x-claude-warning"] == nil)
  }

  @Test("a session continues by its id")
  func resume() async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.native("one"))
    let session = try #require(first["x-session-id"])
    let second = try await server.send(.native("two\nsimulate: recall", ["session-id": .string(session)]))
    #expect(try second.result() == "one | two")
    #expect(second["x-session-id"] == session)
  }

  // MARK: /v1/chat/completions

  @Test("an OpenAI request streams chunks")
  func openAI() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      .post(
        "/v1/chat/completions",
        text: """
          {
              "model": "claude-code",
              "messages": [{"role": "user", "content": "Hello"}],
              "stream": true
            }
          """))
    #expect(answer.status == 200)
    #expect(answer["content-type"]?.hasPrefix("text/event-stream") == true)
    let chat = try answer.chat()
    #expect(chat.violations == [])
    #expect(chat.content == "You said: Hello")
    #expect(chat.pieces.map(\.data) == ["You ", "said: ", "Hello"])
    #expect(chat.finishReason == "stop")
    #expect(chat.usage == nil)
  }

  @Test("a system message is the system prompt", arguments: ["system", "developer"])
  func openAISystemPrompt(role: String) async throws {
    let prompt = "You are a Python expert who writes clean, efficient code with proper documentation."
    let answer = try await ServerUnderTest.ofSuite.send(
      .chat(
        [
          ["role": .string(role), "content": .string(prompt)],
          .user("Create a Python web application\nsimulate: init-request"),
        ], stream: true))
    #expect(try JSONValue(parsing: try answer.chat().content)["systemPrompt"] == [.string(prompt)])
  }

  @Test("options at the head of a message work as documented")
  func inBandOptions() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.write(#"{"mcpServers":{"github":{"command":"true"}}}"#, to: "mcp-config.json")
    // As root the CLI refuses to skip permissions outside a sandbox.
    try await ServerUnderTest.run(["IS_SANDBOX": "1"], in: directory) { server in
      func message(_ directive: String) -> String {
        """
        workspace=project-name
        allowed-tools=["Bash","Edit","Write"]
        mcp-allowed-tools=["mcp__github__get_repo"]
        dangerously-skip-permissions=true

        Your actual prompt here\(directive)
        """
      }
      let plain = try await server.send(.chat(message(""), stream: true))
      #expect(try plain.chat().content == "You said: Your actual prompt here")
      let argv = try await server.send(.chat(message("\nsimulate: argv"), stream: true))
      let arguments = try Self.arguments(try argv.chat().content)
      #expect(arguments.contains("--allowedTools=Bash,Edit,Write,mcp__github__get_repo"))
      #expect(arguments.contains("--dangerously-skip-permissions"))
      #expect(arguments.contains { $0.hasPrefix("--mcp-config=") })
      let cwd = try await server.send(.chat(message("\nsimulate: cwd"), stream: true))
      #expect(try cwd.chat().content == "\(directory.workspaces)/workspace/project-name")
    }
  }

  @Test("skipping permissions as root outside a sandbox is refused by the CLI and reported")
  func refusedBypass() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      .chat("hello", stream: true, ["dangerously-skip-permissions": true]))
    #expect(try answer.error() == ErrorBody(500, "server_error", code: "claude_refused"))
    #expect(answer.text.contains("root"))
  }

  // MARK: With a key

  @Test("the documented requests work with a key")
  func withKey() async throws {
    try await ServerUnderTest.run(["API_KEY": Self.key]) { server in
      let authorization = "Authorization: Bearer \(Self.key)"
      let native = try await server.send(
        .post("/api/claude", [authorization], text: #"{"prompt": "List files"}"#))
      #expect(try native.result() == "You said: List files")
      let chat = try await server.send(.chat("Hello", stream: true, [:], [authorization]))
      #expect(try chat.chat().content == "You said: Hello")
    }
  }

  private static func arguments(_ text: String) throws -> [String] {
    try #require(try JSONValue(parsing: text).array).compactMap(\.string)
  }
}
