import Bytes
import TestSupport
import Testing

/// `GET /health` and `GET /v1/models`.
@Suite(.beside, .server())
struct HealthTests {
  @Test("the health report has the documented shape; a simulator is degraded")
  func shape() async throws {
    let server = try ServerUnderTest.ofSuite
    let answer = try await server.send(.get("/health"))
    #expect(answer.status == 200)
    #expect(answer["content-type"] == "application/json")
    let report = try answer.json()
    #expect(
      report.object?.keys == [
        "status", "service", "timestamp", "uptime", "version", "active_agents", "simulator", "checks",
      ])
    #expect(report["status"] == "degraded")
    #expect(report["service"] == "claude-code-server")
    #expect(report["simulator"] == true)
    #expect(report["active_agents"]?.int != nil)
    #expect(report["uptime"]?.double != nil)
    let checks = try #require(report["checks"])
    #expect(checks.object?.keys == ["claudeCli", "processes", "workspace", "mcpConfig"])
    for check in checks.object?.members ?? [] {
      #expect(check.value.object?.keys == ["status", "message", "details", "timestamp"])
      #expect(check.value["status"] == "healthy")
    }
    #expect(checks["claudeCli"]?["details"]?["version"] == "0.0.0-simulator (Claude Code)")
    #expect(checks["claudeCli"]?["details"]?["exitCode"] == 0)
    #expect(
      checks["workspace"]?["details"]
        == ["path": .string(server.directory.workspaces), "readable": true, "writable": true])
    #expect(
      checks["mcpConfig"]?["details"]
        == ["enabled": false, "configPath": .string("\(server.directory.path)/mcp-config.json")])
  }

  @Test("without a CLI health is 503, and turns are rejected before anything starts")
  func missingCLI() async throws {
    try await ServerUnderTest.run(["CLAUDE_CLI_PATH": "/nowhere/claude"]) { server in
      let health = try await server.send(.get("/health"))
      #expect(health.status == 503)
      #expect(try health.json()["status"] == "unhealthy")
      #expect(try await server.send(.get("/health/ready")).status == 503)
      #expect(try await server.send(.get("/health/live")).status == 200)
      for stream in [true, false] {
        let answer = try await server.send(.chat("hello", stream: stream))
        #expect(try answer.error() == ErrorBody(503, "server_error", code: "claude_cli_not_found"))
        #expect(answer["retry-after"] != nil)
      }
      #expect(try await server.send(.native("hello")).error().code == "claude_cli_not_found")
      #expect(server.startedRuns == 0)
    }
  }

  @Test("a client that accepts events gets health snapshots")
  func snapshots() async throws {
    let transfer = try ServerUnderTest.ofSuite.start(.get("/health", ["accept: text/event-stream"]))
    let answer = try await transfer.until("\n\n")
    try await transfer.leave()
    #expect(answer.status == 200)
    let snapshot = try JSONValue(parsing: try #require(answer.events.data.first))
    #expect(snapshot["service"] == "claude-code-server")
  }

  @Test("under a foreign host name only health probes are served")
  func foreignName() async throws {
    let server = try ServerUnderTest.ofSuite
    let refusal = try await server.send(.get("/health", ["host: evil.example"]))
    #expect(try refusal.error() == ErrorBody(403, "permission_error", code: "host_not_allowed"))
    #expect(!refusal.text.contains(server.directory.path))
    #expect(try await server.send(.get("/health/ready", ["host: evil.example"])).json() == ["status": "ready"])
  }

  @Test("a running turn is counted")
  func activeAgents() async throws {
    try await ServerUnderTest.run { server in
      let transfer = server.start(.chat("simulate: tokens=2 hang=1", stream: true))
      try await transfer.until("w0")
      #expect(try await server.send(.get("/health")).json()["active_agents"] == 1)
      try await transfer.leave()
    }
  }

  @Test("models are listed in OpenAI's form, each retrievable")
  func models() async throws {
    let server = try ServerUnderTest.ofSuite
    let list = try await server.send(.get("/v1/models")).json()
    #expect(list["object"] == "list")
    let models = try #require(list["data"]?.array)
    #expect(models.compactMap { $0["id"]?.string } == ["claude-code", "opus", "sonnet", "haiku"])
    for model in models {
      #expect(model.object?.keys == ["id", "object", "created", "owned_by"])
      #expect(model["object"] == "model")
      #expect(try await server.send(.get("/v1/models/\(model["id"]?.string ?? "")")).json() == model)
    }
    #expect(try await server.send(.get("/v1/models/claude-some-4-2")).json()["id"] == "claude-some-4-2")
    #expect(
      try await server.send(.get("/v1/models/gpt-4o")).error()
        == ErrorBody(404, "invalid_request_error", param: "model", code: "model_not_found"))
  }

  @Test(
    "a model name is passed to the CLI, the default one is not",
    arguments: [("claude-code", nil), ("opus", "--model=opus"), ("claude-x-1", "--model=claude-x-1")])
  func modelArgument(model: String, flag: String?) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      .chat("simulate: argv", stream: false, ["model": .string(model)]))
    #expect(try answer.json()["model"]?.string == model)
    let arguments = try JSONValue(parsing: try answer.completion()).array?.compactMap(\.string) ?? []
    #expect(arguments.first { $0.hasPrefix("--model") } == flag)
  }
}
