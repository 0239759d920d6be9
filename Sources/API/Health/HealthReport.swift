import Bytes
import HTTP
import Telemetry

/// The state of the server.
struct HealthReport {
  enum Status: String {
    case healthy, degraded, unhealthy
  }

  /// The result of one check.
  struct Check {
    let name: String
    let status: Status
    let message: String
    let details: JSONValue
    let takenAt: Timestamp
  }

  let checks: [Check]
  let isSimulated: Bool
  let version: String
  let uptime: Duration
  let takenAt: Timestamp
  let activeAgents: Int

  /// The worst of the checks; a simulator is never healthy.
  var status: Status {
    if checks.contains(where: { $0.status == .unhealthy }) { return .unhealthy }
    return isSimulated || checks.contains { $0.status == .degraded } ? .degraded : .healthy
  }

  var httpStatus: HTTPStatus { status == .unhealthy ? .serviceUnavailable : .ok }

  var json: JSONValue {
    var object: JSONObject = [
      "status": .string(status.rawValue), "service": "claude-code-server", "timestamp": .string(takenAt.iso8601),
      "uptime": .number(
        "\(Double(uptime.components.seconds) + Double(uptime.components.attoseconds / 1_000_000_000_000_000) / 1000)"),
      "version": .string(version), "active_agents": JSONValue(activeAgents),
    ]
    if isSimulated { object["simulator"] = true }
    var results = JSONObject()
    for check in checks {
      results[check.name] = [
        "status": .string(check.status.rawValue), "message": .string(check.message), "details": check.details,
        "timestamp": .string(check.takenAt.iso8601),
      ]
    }
    object["checks"] = .object(results)
    return .object(object)
  }
}
