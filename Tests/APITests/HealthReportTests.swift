import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServerTestSupport
import Identity
import Telemetry
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct HealthReportTests {
  private static let moment = Timestamp(milliseconds: 1_795_235_530_007)

  private func report(_ statuses: [HealthReport.Status], isSimulated: Bool = false) -> HealthReport {
    let checks = statuses.enumerated().map { index, status in
      HealthReport.Check(
        name: "check\(index)", status: status, message: "m\(index)", details: ["n": JSONValue(index)],
        takenAt: Self.moment)
    }
    return HealthReport(
      checks: checks, isSimulated: isSimulated, version: "1.2.3", uptime: .milliseconds(12_345), takenAt: Self.moment,
      activeAgents: 2)
  }

  @Test("the report has the documented shape")
  func shape() {
    #expect(
      report([.healthy, .degraded]).json.text
        == #"{"status":"degraded","service":"claude-code-server","timestamp":"2026-11-21T04:32:10.007Z","#
        + #""uptime":12.345,"version":"1.2.3","active_agents":2,"checks":{"check0":{"status":"healthy","message":"m0","#
        + #""details":{"n":0},"timestamp":"2026-11-21T04:32:10.007Z"},"check1":{"status":"degraded","message":"m1","#
        + #""details":{"n":1},"timestamp":"2026-11-21T04:32:10.007Z"}}}"#)
  }

  @Test("a simulator is reported as such")
  func simulator() {
    #expect(report([.healthy], isSimulated: true).json["simulator"] == true)
    #expect(report([.healthy]).json["simulator"] == nil)
  }

  @Test(
    "the worst check counts; a simulator is never healthy",
    arguments: [
      ([], false, .healthy, 200), ([.healthy, .healthy], false, .healthy, 200),
      ([.healthy, .degraded], false, .degraded, 200),
      ([.degraded, .unhealthy, .healthy], false, .unhealthy, 503), ([.healthy], true, .degraded, 200),
      ([.unhealthy], true, .unhealthy, 503),
    ] as [([HealthReport.Status], Bool, HealthReport.Status, Int)])
  func statuses(checks: [HealthReport.Status], isSimulated: Bool, status: HealthReport.Status, code: Int) {
    let report = report(checks, isSimulated: isSimulated)
    #expect(report.status == status)
    #expect(report.httpStatus.rawValue == code)
  }

  @Test(
    "an uptime is a JSON number of seconds",
    arguments: [(.zero, "0.0"), (.milliseconds(1), "0.001"), (.seconds(86_400 * 400), "34560000.0")]
      as [(Duration, String)])
  func uptime(uptime: Duration, expected: String) {
    let report = HealthReport(
      checks: [], isSimulated: false, version: "", uptime: uptime, takenAt: Self.moment, activeAgents: 0)
    #expect(report.json["uptime"] == .number(expected))
  }
}
