import Bytes

/// What a run makes of the CLI's control messages: permission requests, their withdrawal, and refusals of the turn's own
/// requests. A value: lines in, actions out.
struct ControlChannel: Sendable {
  enum Action: Equatable {
    /// The line answers the CLI; `tool` is the one that a permission request was about.
    case reply([UInt8], tool: String? = nil)
    /// The client has to decide.
    case ask(PermissionQuestion)
    /// The CLI no longer waits for the answer to its request of this id.
    case withdraw(requestID: String)
    /// The CLI refused the turn's settings.
    case fail(ClaudeError)
  }

  private let runID: String
  private let forwardsQuestions: Bool
  private let policy: PermissionPolicy

  init(_ turn: Turn, runID: String) {
    self.runID = runID
    forwardsQuestions = turn.options.forwardsQuestions == true
    policy = PermissionPolicy(turn.options, allowing: turn.allowedBuiltInTools, ceiling: turn.toolCeiling)
  }

  /// Nil for a line that asks for nothing.
  func action(for message: StreamMessage, _ line: Span<UInt8>) -> Action? {
    switch message.kind {
    case .controlRequest: request(line)
    case .controlResponse: response(line)
    case .controlCancelRequest: cancellation(line)
    case .system, .streamEvent, .assistant, .user, .result, .transcriptMirror, .other: nil
    }
  }

  private func request(_ line: Span<UInt8>) -> Action? {
    guard let value = try? JSONValue(parsing: line), let id = value["request_id"]?.string,
      let request = value["request"]
    else { return nil }
    switch request["subtype"]?.string {
    case "can_use_tool":
      if forwardsQuestions, let question = PermissionQuestion(request, requestID: id), policy.isForUser(question.tool) {
        return .ask(question)
      }
      return .reply(policy.answer(id: id, request: request), tool: request["tool_name"]?.string)
    case let subtype:
      return .reply(ControlMessage.error(id: id, message: "\(subtype ?? "this request") is not supported"))
    }
  }

  private func cancellation(_ line: Span<UInt8>) -> Action? {
    guard let id = (try? JSONValue(parsing: line))?["request_id"]?.string else { return nil }
    return .withdraw(requestID: id)
  }

  // The responses to this turn's own requests have its id in theirs (`ClaudeProcess.begin`).
  private func response(_ line: Span<UInt8>) -> Action? {
    guard let response = try? JSONValue(parsing: line)["response"],
      response["request_id"]?.string?.hasSuffix("-\(runID)") == true, response["subtype"]?.string == "error"
    else { return nil }
    let reason = response["error"]?.string ?? "no reason given"
    return .fail(ClaudeError(.refused, "Claude Code refused its settings: \(reason)", reachedCLI: false))
  }
}
