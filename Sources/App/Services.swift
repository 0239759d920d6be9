import API
import ClaudeCode
import EventLoop
import HTTPServer
import Turns
import Workspaces

/// What the routes work with: executor, stores and use cases, connected.
@Reactor
struct Services {
  let executor: ClaudeExecutor
  let probe: CLIProbe
  let sessions: SessionStore
  let runs: RunStore
  let turns: TurnFactory
  private let runner: TurnRunner
  private let workspaces: WorkspaceManager

  init(_ settings: Settings, _ surroundings: Application.Surroundings) {
    let (clock, newID) = (surroundings.clock, surroundings.newID)
    let (logger, scheduler) = (surroundings.logger, surroundings.scheduler)
    let locator = Application.locator(settings, surroundings.environment)
    let environment = CLIEnvironment(inherited: surroundings.environment, usesSubscription: settings.usesSubscription)
    executor = ClaudeExecutor(
      Services.configuration(settings, locator, environment, surroundings), scheduler: scheduler, logger: logger,
      clock: clock,
      newID: newID)
    probe = CLIProbe(locator: locator, environment: environment, clock: clock, scheduler: scheduler)
    sessions = SessionStore(store: surroundings.store, clock: clock)
    executor.addObserver(sessions)
    runs = RunStore(
      limits: settings.runs, storage: surroundings.journals, isDurable: settings.statePath != nil,
      scheduler: scheduler, clock: clock, logger: logger)
    workspaces = WorkspaceManager(base: settings.workspaceBasePath)
    turns = TurnFactory(
      workspaces: workspaces, mcpLoader: surroundings.mcpLoader, mcp: surroundings.mcp ?? MCPConfiguration(),
      models: surroundings.models, policy: Services.policy(settings), sessions: sessions, newID: newID)
    runner = TurnRunner(
      executor: executor, turns: turns, scheduler: scheduler, retryGrace: settings.retryGrace, clock: clock,
      newID: newID)
  }

  private static func configuration(
    _ settings: Settings, _ locator: CLILocator, _ environment: CLIEnvironment,
    _ surroundings: Application.Surroundings
  ) -> ClaudeExecutor.Configuration {
    var configuration = ClaudeExecutor.Configuration(
      locator: locator, environment: environment,
      timeouts: RunTimeouts(
        total: settings.totalTimeout, inactivity: settings.inactivityTimeout, kill: settings.killTimeout,
        toolResult: settings.toolResultTimeout),
      settingSources: settings.settingSources, pool: settings.pool, turns: settings.turns)
    configuration.availableMemory = surroundings.availableMemory
    return configuration
  }

  private static func policy(_ settings: Settings) -> TurnPolicy {
    TurnPolicy(
      ceiling: settings.permissionCeiling, toolRules: settings.allowedToolsCeiling,
      readsInBandOptions: settings.readsInBandOptions,
      writesSessionIntoContent: settings.writesSessionIntoContent)
  }

  func addRoutes(to router: inout Router, _ settings: Settings, _ surroundings: Application.Surroundings) {
    let (clock, scheduler) = (surroundings.clock, surroundings.scheduler)
    let checker = HealthChecker(
      probe: probe, executor: executor, workspaces: workspaces, mcpPath: settings.mcpConfigPath,
      mcp: surroundings.mcp, sessions: settings.statePath == nil ? nil : sessions, version: Version.current,
      isSimulated: surroundings.isSimulated, clock: clock,
      scheduler: scheduler)
    HealthRoutes(checker: checker, scheduler: scheduler).add(to: &router)
    ModelRoutes(catalog: surroundings.models).add(to: &router)
    SessionRoutes(sessions: sessions, executor: executor, workspaces: workspaces).add(to: &router)
    let conversations = Conversations(turns: turns, retryTimeout: settings.retryTimeout)
    MessagesRoutes(turns: turns, runner: runner, conversations: conversations).add(to: &router)
    ChatCompletionRoutes(turns: turns, runner: runner, conversations: conversations, clock: clock).add(to: &router)
    ResponsesRoutes(turns: turns, runner: runner, conversations: conversations, store: runs, clock: clock)
      .add(to: &router)
    AgentRoutes(agents: Agents(turns: turns, runner: runner, store: runs, clock: clock), runner: runner)
      .add(to: &router)
    RunRoutes(runner: runner, store: runs).add(to: &router)
    ClaudeRoutes(turns: turns, runner: runner).add(to: &router)
  }
}
