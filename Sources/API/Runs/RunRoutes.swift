import Bytes
public import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity

/// `GET /v1/runs` and `DELETE /v1/runs/{id}`: a principal's own runs, whatever surface they were begun on.
@Reactor
public struct RunRoutes {
  private let runner: TurnRunner
  private let store: RunStore

  public init(runner: TurnRunner, store: RunStore) {
    self.runner = runner
    self.store = store
  }

  public func add(to router: inout Router) {
    router.on("GET", "/v1/runs", atOnce: list)
    router.on("DELETE", "/v1/runs/{id}", atOnce: cancel)
  }

  /// Those that wait, those under way, and of the others those that are kept.
  private func list(
    _ request: HTTPRequest, _ context: RequestContext, _ parameters: PathParameters
  ) throws -> HTTPResponse {
    let principal = try context.principal()
    let listed = runner.listed(for: principal)
    let live = Set(listed.compactMap(\.ownerID))
    let kept = store.journals(of: principal.id).filter { !live.contains($0.id) }.map(ListedRun.init)
    let items = (listed + kept).sorted { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }.map(\.json)
    // Clients name their requests, and may do so twice: a page goes on after a name of ours.
    return .json(
      try ListPage(request.head, newestFirst: true).json(items) {
        $0["run_id"]?.string ?? $0["belongs_to"]?.string ?? ""
      })
  }

  /// Ends every run of the request, or the run or response of that id.
  private func cancel(
    _ request: HTTPRequest, _ context: RequestContext, _ parameters: PathParameters
  ) throws -> HTTPResponse {
    let id = parameters["id"]
    let principal = try context.principal()
    guard runner.cancel(id, for: principal) || cancelKept(id, principal) else {
      throw RequestError.notFound("No run \(id.prefix(128)) is under way", code: "run_not_found")
    }
    return .json(["id": .string(id), "object": "run", "cancelled": true])
  }

  /// Ends the run of a response or an agent.
  private func cancelKept(_ id: String, _ principal: Principal) -> Bool {
    guard let journal = store.journal(id), journal.principal == principal.id, !journal.isOver else { return false }
    runner.cancel(journal)
    return true
  }
}

/// A run as lists show it.
struct ListedRun: Sendable, Equatable {
  let runID: String?
  let requestIDs: [String]
  let surface: String
  let status: String
  let sessionID: String?
  let createdAt: Int
  /// Of the agent or the response it belongs to.
  let ownerID: String?

  /// The id of the request that asked for it last.
  var id: String { requestIDs.last ?? "" }
  /// What no other has.
  var key: String { runID ?? ownerID ?? "" }

  var json: JSONValue {
    [
      "id": .string(id), "object": "run", "run_id": JSONValue(runID), "surface": .string(surface),
      "status": .string(status), "session_id": JSONValue(sessionID), "created_at": JSONValue(createdAt / 1000),
      "belongs_to": JSONValue(ownerID),
    ]
  }
}

extension ListedRun {
  @Reactor
  init(_ journal: RunJournal) {
    self.init(
      runID: nil, requestIDs: [journal.requestID], surface: journal.surface, status: journal.state.name,
      sessionID: journal.sessionID, createdAt: journal.createdAt, ownerID: journal.id)
  }

  @Reactor
  init(_ run: Run, _ origin: RunOrigin) {
    self.init(
      runID: run.id, requestIDs: origin.requestIDs, surface: origin.surface,
      status: run.openCalls.isEmpty ? "running" : "waiting", sessionID: run.sessionID, createdAt: origin.createdAt,
      ownerID: origin.ownerID)
  }

  @Reactor
  init(_ queued: QueuedTurn, _ runID: String) {
    self.init(
      runID: runID, requestIDs: queued.origin.requestIDs, surface: queued.origin.surface, status: "queued",
      sessionID: nil, createdAt: queued.origin.createdAt, ownerID: queued.origin.ownerID)
  }
}

extension TurnRunner {
  /// A principal's runs that wait or are under way.
  func listed(for principal: Principal) -> [ListedRun] {
    let waiting = queue.filter { $1.origin.principal == principal.id }.map { ListedRun($1, $0) }
    let running = executor.runsUnderWay.compactMap { run in
      run.origin.flatMap { $0.principal == principal.id ? ListedRun(run, $0) : nil }
    }
    return waiting + running
  }

  /// Ends a principal's runs of a request, or the run of that id; also those that still wait.
  ///
  /// - Returns: whether there were any.
  func cancel(_ id: String, for principal: Principal) -> Bool {
    let waiting = queue.filter {
      $1.origin.principal == principal.id && ($0 == id || $1.origin.requestIDs.contains(id))
    }
    let running = executor.runsUnderWay.filter { run in
      guard let origin = run.origin, origin.principal == principal.id else { return false }
      return run.id == id || origin.requestIDs.contains(id)
    }
    for queued in waiting.values { queued.cancel() }
    for run in running { run.cancel() }
    return !waiting.isEmpty || !running.isEmpty
  }
}
