import Bytes
import ClaudeCodeTestSupport
package import EventLoop
import Identity
package import TestSupport
import Workspaces

@testable package import ClaudeCode
@testable package import Turns

/// A factory over a temporary directory, with two configured MCP servers and sessions in memory.
@Reactor
package final class FactoryHarness {
  package let directory = TemporaryDirectory()
  package let factory: TurnFactory
  package let sessions = SessionStore()
  /// Of the turn that was made last.
  package private(set) var warnings: [String] = []

  package init(models: ModelCatalog = .builtIn, policy: TurnPolicy = TurnPolicy()) {
    var next = 0
    factory = TurnFactory(
      workspaces: WorkspaceManager(base: directory.path),
      mcpLoader: MCPConfigLoader(path: "", scratch: "\(directory.path)/scratch"),
      mcp: MCPConfiguration(servers: ["a": ["command": "x"], "b": [:]]), models: models, policy: policy,
      sessions: sessions
    ) {
      next += 1
      return "\(next)0000000-2222-4333-8444-555555555555"
    }
  }

  package func turn(
    _ options: TurnOptions = TurnOptions(), continuing session: SessionRecord? = nil
  ) throws -> Turn {
    let turn: Turn
    (turn, warnings) = try factory.makeTurn(content: [.text("p")], options: options, continuing: session, for: .of())
    factory.began(.idle(ManualScheduler(), of: turn), for: .me)
    return turn
  }
}
