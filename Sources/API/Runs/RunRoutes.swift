import Bytes
public import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Turns

/// `GET /v1/runs` and `DELETE /v1/runs/{id}`: a principal's runs on every surface.
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

  /// Queued and running runs, then retained finished ones.
  private func list(
    _ request: HTTPRequest, _ context: RequestContext, _ parameters: PathParameters
  ) throws -> HTTPResponse {
    let principal = try context.principal()
    let listed = runner.listed(for: principal)
    let live = Set(listed.compactMap(\.ownerID))
    let kept = store.journals(of: principal.id).filter { !live.contains($0.id) }.map(ListedRun.init)
    let items = (listed + kept).sorted { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }.map(\.json)
    // Clients choose request ids and may repeat them, so a page continues after a key of the server.
    return .json(
      try ListPage(request.head, newestFirst: true).json(items) {
        $0["run_id"]?.string ?? $0["belongs_to"]?.string ?? ""
      })
  }

  /// Cancels every run of the request, or the run or response with this id.
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

  /// Cancels the run of a response or an agent.
  private func cancelKept(_ id: String, _ principal: Principal) -> Bool {
    guard let journal = store.journal(id), journal.principal == principal.id, !journal.isOver else { return false }
    runner.cancel(journal)
    return true
  }
}
