import Bytes
import Testing
import Workspaces

struct MCPConfigurationTests {
  private static let configuration = MCPConfiguration(servers: [
    "github": ["command": "gh-mcp"], "my_db": ["command": "db"], "my_db__admin": ["command": "admin"], "x": [:],
  ])

  @Test(
    "a tool belongs to the server with the longest matching name",
    arguments: [
      ("mcp__github__create_issue", "github"), ("mcp__github", "github"), ("mcp__my_db__query", "my_db"),
      ("mcp__my_db", "my_db"), ("mcp__my_db__admin", "my_db__admin"), ("mcp__my_db__admin__drop", "my_db__admin"),
      ("mcp__my_db__administer", "my_db"), ("mcp__x__", "x"), ("mcp__github__a__b", "github"),
    ])
  func servers(tool: String, server: String) {
    #expect(Self.configuration.server(of: tool) == server)
  }

  @Test(
    "other names belong to no server",
    arguments: [
      "", "Bash", "mcp__", "mcp____x", "mcp__githu", "mcp__github_", "mcp__github_create", "mcp__gitlab__x",
      "MCP__github__x", "mcp_github__x", "github", " mcp__github", "mcp__github(x)", "mcp__x*",
    ])
  func strangers(tool: String) {
    #expect(Self.configuration.server(of: tool) == nil)
  }

  @Test("a request's tools are split into known and unknown ones, in order")
  func check() {
    let (known, unknown) = Self.configuration.check(["mcp__x__b", "Bash", "mcp__github__a", "mcp__nope__c"])
    #expect(known == ["mcp__x__b", "mcp__github__a"])
    #expect(unknown == ["Bash", "mcp__nope__c"])
  }

  @Test(
    "a run gets exactly the servers of its tools",
    arguments: [
      ([], #"{"mcpServers":{}}"#), (["mcp__nope__x"], #"{"mcpServers":{}}"#),
      (["mcp__github__a", "mcp__github__b"], #"{"mcpServers":{"github":{"command":"gh-mcp"}}}"#),
      (["mcp__my_db__admin__x"], #"{"mcpServers":{"my_db__admin":{"command":"admin"}}}"#),
      (["mcp__x", "mcp__my_db__q"], #"{"mcpServers":{"my_db":{"command":"db"},"x":{}}}"#),
    ] as [([String], String)])
  func subset(tools: [String], expected: String) {
    #expect(Self.configuration.subset(for: tools).text == expected)
  }

  @Test("without servers no tool is known")
  func empty() {
    #expect(MCPConfiguration().isEmpty)
    #expect(!Self.configuration.isEmpty)
    #expect(MCPConfiguration().server(of: "mcp__x") == nil)
  }
}
