import Telemetry
import Bytes
public import ClaudeCode
public import EventLoop
package import Identity
public import Workspaces

/// Makes turns from requests, the same for every dialect. It validates the whole request and starts nothing.
@Reactor
public final class TurnFactory {
  private let workspaces: WorkspaceManager
  private let mcpLoader: MCPConfigLoader
  private let mcp: MCPConfiguration
  private let models: ModelCatalog
  package let policy: TurnPolicy
  package let sessions: SessionStore
  package let newID: @Reactor () -> String

  /// - Parameters:
  ///   - mcp: the configured MCP servers; empty if there are none.
  ///   - newID: makes UUIDs.
  public init(
    workspaces: WorkspaceManager, mcpLoader: MCPConfigLoader, mcp: MCPConfiguration, models: ModelCatalog,
    policy: TurnPolicy = TurnPolicy(), sessions: SessionStore, newID: @escaping @Reactor () -> String
  ) {
    self.policy = policy
    self.workspaces = workspaces
    self.mcpLoader = mcpLoader
    self.mcp = mcp
    self.models = models
    self.sessions = sessions
    self.newID = newID
  }

  /// The session that a request names; nil if it names none. The CLI may know a session that this server does not; its
  /// owner is unknown, so only an admin may continue it.
  ///
  /// - Throws: `RequestError` 404, also for another principal's session.
  package func record(_ id: String?, for principal: Principal) throws -> SessionRecord? {
    guard let id else { return nil }
    guard let record = sessions.record(id) else {
      guard principal.isAdmin else { throw RequestError(ClaudeError.noSession(id)) }
      return SessionRecord(id: id, principal: principal.id, options: TurnOptions())
    }
    guard record.principal == principal.id else { throw RequestError(ClaudeError.noSession(id)) }
    return record
  }

  /// - Parameters:
  ///   - content: the user's message.
  ///   - history: the whole conversation with the user's message, for a new session.
  ///   - options: of the request; the session completes them.
  ///   - session: the session to continue; nil for a new one.
  /// - Returns: the turn, and warnings for the client.
  /// - Throws: `RequestError`.
  package func makeTurn(
    content: [ContentBlock], beginningWith history: ImportedHistory? = nil, options: TurnOptions,
    continuing session: SessionRecord?, for caller: Caller
  ) throws -> (turn: Turn, warnings: [String]) {
    // An inherited model has the CLI's name already.
    let model = options.model == nil ? session?.options.model : try models.cliModel(for: options.model)
    var options = session.map { options.inheriting($0.options) } ?? options
    options.model = model
    try policy.check(options)
    let (tools, warnings) = configuredTools(options.mcpAllowedTools, caller)
    options.mcpAllowedTools = tools
    let (chosen, content) = place(content, history, session)
    options.sessionID = nil
    var turn = Turn(
      content: content, session: chosen, directory: try directory(options.workspace), workspaceBase: workspaces.base,
      options: options, mcpConfigPath: try mcpConfigPath(options.mcpAllowedTools ?? []))
    turn.defaultPermissionMode = policy.defaultPermissionMode
    turn.toolCeiling = policy.toolCeiling
    return (turn, warnings)
  }

  /// A turn of a dialect whose prompt may be a command of the CLI.
  ///
  /// - Parameters: as for `makeTurn`.
  /// - Throws: `RequestError`; 403 for a command below the highest ceiling.
  package func makePromptTurn(
    _ prompt: String, options: TurnOptions, continuing session: SessionRecord?, for caller: Caller
  ) throws -> (turn: Turn, warnings: [String]) {
    try policy.checkCommand(prompt)
    var made = try makeTurn(content: [.text(prompt)], options: options, continuing: session, for: caller)
    made.turn.takesCommands = true
    return made
  }

  /// The session, and the message that begins its turn.
  private func place(
    _ content: [ContentBlock], _ history: ImportedHistory?, _ session: SessionRecord?
  ) -> (Turn.Session, [ContentBlock]) {
    if let session { return (.resume(id: session.id), content) }
    guard let history else { return (.new(id: newID()), content) }
    guard let transcript = history.transcript else { return (.new(id: newID()), history.content) }
    return (.imported(id: newID(), transcript, fallback: history.fallback), history.content)
  }

  /// - Throws: `RequestError` for an unknown model, or more than the policy allows.
  package func check(_ options: TurnOptions) throws {
    _ = try models.cliModel(for: options.model)
    try policy.check(options)
  }

  /// The turn has begun: its session is known from now on, and inherits the turn's options.
  package func began(_ run: Run, for principal: Principal) {
    sessions.begin(run.sessionID, for: principal.id, run.turn.options)
  }

  /// A default turn, for warming up the pool at the start.
  ///
  /// - Throws: `RequestError` if the workspace cannot be used.
  public func plainTurn() throws -> Turn {
    var turn = Turn(
      prompt: "", session: .new(id: newID()), directory: try directory(nil), workspaceBase: workspaces.base)
    turn.defaultPermissionMode = policy.defaultPermissionMode
    return turn
  }

  private func configuredTools(_ tools: [String]?, _ caller: Caller) -> ([String]?, warnings: [String]) {
    guard let tools else { return (nil, []) }
    let (known, unknown) = mcp.check(tools)
    guard !unknown.isEmpty else { return (known, []) }
    let warning = "unknown MCP tools dropped: \(unknown.joined(separator: ", "))"
    caller.logger.warn(warning)
    return (known, [warning])
  }

  private func directory(_ workspace: String?) throws -> String {
    do {
      return try workspaces.directory(of: workspace)
    } catch {
      throw RequestError(error)
    }
  }

  private func mcpConfigPath(_ tools: [String]) throws -> String? {
    guard !tools.isEmpty else { return nil }
    do {
      return try mcpLoader.write(mcp, for: tools)
    } catch {
      throw RequestError(error)
    }
  }
}
