import Bytes

extension LineWriter {
  /// Writes the `result` line. Its `type` is not the first key.
  func result(_ outcome: Outcome) {
    var line = accounts(outcome)
    line["permission_denials"] = .array(outcome.denials)
    line["terminal_reason"] = .string(outcome.terminalReason)
    line["fast_mode_state"] = "off"
    line["fast_mode_disabled_reason"] = "sdk_opt_in_required"
    line["subagent_stats"] = LineWriter.noSubagents
    line["safety_stops"] = 0
    line["is_error"] = .bool(outcome.isError)
    line["num_turns"] = JSONValue(outcome.messages)
    line["subtype"] = .string(outcome.subtype)
    describe(outcome, in: &line)
    let firstToken = outcome.firstTokenAt.map { JSONValue($0 - outcome.startedAt) }
    line["ttft_ms"] = firstToken
    line["type"] = "result"
    time(outcome, firstToken, in: &line)
    line["queued_turn_count"] = JSONValue(outcome.queued)
    line["result_index"] = JSONValue(conversation.resultCount)
    line["model_usage_since_last_result"] = outcome.used.modelUsage(conversation.model)
    conversation.resultCount += 1
    conversation.exitStatus = outcome.isError ? 1 : 0
    sendResult(.object(line))
  }

  /// The result of a process that is launched with the id of an unknown session.
  static func unknownSession(_ id: String, _ message: String, uuid: String) -> JSONValue {
    [
      "type": "result", "subtype": "error_during_execution", "duration_ms": 0, "duration_api_ms": 0, "is_error": true,
      "num_turns": 0, "stop_reason": nil, "session_id": .string(id), "total_cost_usd": 0, "usage": TokenCount().usage,
      "modelUsage": [:], "permission_denials": [], "uuid": .string(uuid), "errors": [.string(message)],
      "result_index": 0,
    ]
  }

  private static let noSubagents: JSONValue = [
    "spawned": 0, "requested": ["background": 0, "foreground": 0, "unset": 0], "started_in_background": 0,
    "max_depth": 0, "spawned_by_subagents": 0, "completed": 0, "failed": 0,
    "killed": ["parent": 0, "user": 0, "system": 0],
    "refused": ["depth_limit": 0, "concurrency_limit": 0, "budget": 0], "by_type": [:],
  ]

  // Cost and upstream time are totals of the process; usage is that of the turn.
  private func accounts(_ outcome: Outcome) -> JSONObject {
    conversation.used = conversation.used + outcome.used
    var line = JSONObject()
    line["duration_api_ms"] = JSONValue(conversation.apiMilliseconds)
    line["stop_reason"] = JSONValue(outcome.stopReason)
    line["session_id"] = session
    line["total_cost_usd"] = conversation.used.cost
    line["usage"] = outcome.used.usage
    line["modelUsage"] = conversation.used.modelUsage(conversation.model)
    return line
  }

  private func describe(_ outcome: Outcome, in line: inout JSONObject) {
    if let errors = outcome.errors { line["errors"] = .array(errors.map { .string($0) }) }
    guard let text = outcome.text else { return }
    line["api_error_status"] = outcome.apiErrorStatus.map { JSONValue($0) } ?? nil as JSONValue
    if outcome.apiErrorStatus != nil { line["api_error_type"] = .string(UpstreamError(outcome.apiErrorStatus).type) }
    line["result"] = .string(text)
  }

  private func time(_ outcome: Outcome, _ firstToken: JSONValue?, in line: inout JSONObject) {
    line["duration_ms"] = JSONValue(Clock.milliseconds - outcome.startedAt)
    line["uuid"] = uuid
    line["ttft_stream_ms"] = firstToken
    line["time_to_request_ms"] = firstToken.map { _ in 0 }
    line["first_content_frame_ms"] = firstToken
  }
}
