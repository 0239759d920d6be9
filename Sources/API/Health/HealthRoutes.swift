import Bytes
import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Telemetry

/// `GET /health` (JSON, or snapshots as server-sent events): details, behind guard and key. `/health/live` and
/// `/health/ready`: one word for probes, open to anybody.
@Reactor
public struct HealthRoutes {
  private let checker: HealthChecker
  private let scheduler: any Scheduler

  public init(checker: HealthChecker, scheduler: any Scheduler = Loop.main) {
    self.checker = checker
    self.scheduler = scheduler
  }

  public func add(to router: inout Router) {
    router.on("GET", "/health") { [self] request, _, _ in
      if request.head.fields.has("accept", token: "text/event-stream") {
        return .eventStream(HealthStream(checker: checker, scheduler: scheduler))
      }
      let report = await checker.report()
      return .json(report.json, status: report.httpStatus)
    }
    router.on("GET", "/health/live", atOnce: { _, _, _ in .json(["status": "alive"]) })
    router.on("GET", "/health/ready") { [checker] _, _, _ in
      guard !checker.isDraining else { return .json(["status": "draining"], status: .serviceUnavailable) }
      let report = await checker.report()
      return .json(
        ["status": report.status == .unhealthy ? "unready" : "ready"], status: report.httpStatus)
    }
  }
}

/// Sends the health report every few seconds, for dashboards that would otherwise poll.
@Reactor
private final class HealthStream: StreamingBody {
  private let checker: HealthChecker
  private let scheduler: any Scheduler
  private var writer: BodyWriter?
  private var timer: (any ScheduledTimer)?
  private static let interval: Duration = .seconds(5)

  init(checker: HealthChecker, scheduler: any Scheduler) {
    self.checker = checker
    self.scheduler = scheduler
  }

  func start(_ writer: BodyWriter) {
    self.writer = writer
    sendSnapshot()
  }

  private func sendSnapshot() {
    Task.onLoop { [weak self, checker] in
      let snapshot = await checker.report().json.encoded
      self?.send(snapshot)
    }
  }

  private func send(_ snapshot: [UInt8]) {
    guard let writer else { return }
    writer.write { ServerSentEvent.data(snapshot.span, to: &$0) }
    timer = scheduler.schedule(after: HealthStream.interval) { [weak self] in self?.sendSnapshot() }
  }

  var probe: [UInt8] { Array(ServerSentEvent.ping.utf8) }

  func clientDidLeave() {
    timer?.cancel()
    writer = nil
  }
}
