import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServerTestSupport
import Identity
import StorageTestSupport
import Telemetry
import TestSupport
import TurnsTestSupport
import Workspaces

@testable import API
@testable import ClaudeCode
@testable import HTTPServer
@testable import Turns

/// What routes need, over one program for a CLI. Ids count, time stands still.
@Reactor
final class RouteServices {
  let directory = TemporaryDirectory()
  let scheduler = ManualScheduler()
  let executor: ClaudeExecutor
  let sessions = SessionStore(clock: RouteHarness.clock)
  let runs: RunStore
  let turns: TurnFactory
  let runner: TurnRunner
  let conversations: Conversations

  init(
    _ policy: TurnPolicy, _ pool: PoolLimits, _ limits: TurnGate.Limits, cli: (TemporaryDirectory) throws -> String
  ) throws {
    var ids = SequentialIDs()
    let newID: @Reactor () -> String = { ids.next() }
    executor = ClaudeExecutor(
      .test(try cli(directory), home: directory.path, pool: pool, turns: limits), scheduler: scheduler,
      logger: .silent, newID: UniqueIDs.next)
    executor.addObserver(sessions)
    runs = RunStore(
      storage: MemoryJournals(), isDurable: false, scheduler: scheduler, clock: RouteHarness.clock, logger: .silent)
    turns = TurnFactory(
      workspaces: WorkspaceManager(base: directory.path),
      mcpLoader: MCPConfigLoader(path: "", scratch: "\(directory.path)/scratch"), mcp: MCPConfiguration(),
      models: .builtIn, policy: policy, sessions: sessions, newID: newID)
    runner = TurnRunner(
      executor: executor, turns: turns, scheduler: scheduler, clock: RouteHarness.clock, newID: newID)
    conversations = Conversations(turns: turns, retryTimeout: .seconds(5))
  }
}

/// Routes in process: a router, and what it needs.
@Reactor
final class RouteHarness {
  let services: RouteServices
  let server: HTTPServer
  private let caller = CallerMiddleware()

  var directory: TemporaryDirectory { services.directory }
  var scheduler: ManualScheduler { services.scheduler }
  var executor: ClaudeExecutor { services.executor }
  var sessions: SessionStore { services.sessions }
  var runs: RunStore { services.runs }
  var runner: TurnRunner { services.runner }

  nonisolated static let seconds = 1_795_235_530
  nonisolated static let clock: @Sendable () -> Timestamp = { Timestamp(milliseconds: 1000 * seconds + 7) }

  /// - Parameters:
  ///   - cli: makes the program.
  ///   - routes: adds the routes under test.
  init(
    policy: TurnPolicy = TurnPolicy(), pool: PoolLimits = .withoutReuse, turns limits: TurnGate.Limits = .init(),
    cli: (TemporaryDirectory) throws -> String, routes: (RouteServices, inout Router) -> Void
  ) throws {
    services = try RouteServices(policy, pool, limits, cli: cli)
    var router = Router()
    routes(services, &router)
    server = HTTPServer(
      logger: .silent, clock: Self.clock, scheduler: services.scheduler,
      responder: chain([caller, ErrorFormMiddleware()], router.admit))
  }

  /// The simulator as the CLI.
  convenience init(
    policy: TurnPolicy = TurnPolicy(), pool: PoolLimits = .withoutReuse, turns: TurnGate.Limits = .init(),
    routes: (RouteServices, inout Router) -> Void
  ) throws {
    try self.init(policy: policy, pool: pool, turns: turns, cli: { _ in try StandInCLI.simulator }, routes: routes)
  }

  /// A CLI that prints these lines for any turn.
  convenience init(
    printing lines: [String], policy: TurnPolicy = TurnPolicy(), routes: (RouteServices, inout Router) -> Void
  ) throws {
    try self.init(policy: policy, cli: { StandInCLI.printing(lines, in: $0) }, routes: routes)
  }

  // MARK: Requests

  func send(_ request: TestRequest, as principal: Principal = .me) async throws -> TestResponse {
    caller.principal = principal
    return try await InProcessTransport(server).send(request)
  }

  /// Returns when the response has begun.
  func begin(_ request: TestRequest, as principal: Principal = .me) async throws -> InProcessExchange {
    caller.principal = principal
    return try await InProcessTransport(server).begin(request)
  }

  func post(_ path: String, _ fields: [String], _ body: String) async throws -> TestResponse {
    try await send(.post(path, fields, body))
  }

  func post(_ path: String, _ body: String) async throws -> TestResponse { try await send(.post(path, [], body)) }

  func get(_ path: String, _ fields: [String] = []) async throws -> TestResponse {
    try await send(.get(path, fields))
  }

  /// Ends what is under way.
  func end() async {
    await executor.kill()
    scheduler.end()
  }

  /// The principal and the id of every request.
  @Reactor
  private final class CallerMiddleware: Middleware {
    var principal = Principal.me

    func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
      context.identify("req_1")
      context[Principal.self] = principal
      return nil
    }
  }
}

extension TestResponse {
  /// Status and body, for tables.
  var summary: String { "\(status) \(text)" }

  /// The data of server-sent events.
  var events: [String] {
    text.split(separator: "\n\n").compactMap { event in
      event.split(separator: "\n").first { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    }
  }

  /// The names and values of these fields, in order.
  func fields(_ names: String...) -> [String?] { names.map { self[$0] } }
}
