import Bytes
import ClaudeCode
import Telemetry

extension SessionRecord {
  /// The session as its principal sees it.
  func document(_ state: SessionState) -> JSONValue {
    var document: JSONObject = [
      "id": .string(id), "object": "session", "state": .string(state.name), "workspace": JSONValue(options.workspace),
      "model": JSONValue(options.model), "created_at": created.map { JSONValue($0.seconds) } ?? .null,
      "last_used_at": lastUsed.map { JSONValue($0.seconds) } ?? .null, "turns": JSONValue(turns),
      "cost_usd": .number("\(cost)"),
    ]
    if case .parked(let calls) = state {
      document["parked_calls"] = .array(calls.map { .string(CallID.openAI($0)) })
    }
    return .object(document)
  }
}

extension SessionState {
  fileprivate var name: String {
    switch self {
    case .running: "running"
    case .parked: "parked"
    case .idle: "idle"
    case .stored: "stored"
    }
  }
}
