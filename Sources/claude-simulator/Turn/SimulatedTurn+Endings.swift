import Bytes
import Directives

extension SimulatedTurn {
  /// Ends the turn with a result, unless the directives withhold it.
  func finish(_ text: String) {
    outcome.text = text
    let mirrored = directives[.mirror] ?? (conversation.options.mirrorsSession ? 1 : 0)
    for _ in 0..<mirrored { writer.mirror(prompt.text) }
    if directives.has(.noResult) {
      conversation.isMute = true
    } else if directives.has(.noResultExit) {
      writer.console.exit(0)
    } else {
      sendResults()
    }
  }

  func failUpstream(_ status: Int) {
    let failure = UpstreamError(status)
    var extra = JSONObject()
    extra["error"] = .string(failure.name)
    extra["is_api_error_message"] = true
    extra["api_error_status"] = JSONValue(status)
    extra["api_error_type"] = .string(failure.type)
    writer.synthetic(failure.text, extra: extra)
    outcome.isError = true
    outcome.stopReason = "stop_sequence"
    outcome.terminalReason = "api_error"
    outcome.apiErrorStatus = status
    outcome.messages = 1
    finish(failure.text)
  }

  func finishAtMaximumTurns() {
    outcome.subtype = "error_max_turns"
    outcome.isError = true
    outcome.terminalReason = "max_turns"
    outcome.errors = ["Reached maximum number of turns (\(conversation.options.maximumTurns))"]
    outcome.messages += 1
    sendResults()
  }

  /// Answers a command of the CLI, without the model.
  func answerCommand() {
    let name = prompt.text.prefix { $0 != " " && $0 != "\n" }
    let text = "\(name) isn't available in this environment."
    writer.synthetic(text, extra: JSONObject())
    outcome.stopReason = nil
    finish(text)
  }

  /// Ends an interrupted turn: closes the open message or call and sends the result.
  func abort() {
    if openCall != nil { abortTool() } else { abortMessage() }
    outcome.subtype = "error_during_execution"
    outcome.isError = true
    outcome.text = nil
    outcome.errors = ["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"]
    outcome.messages += 1
    sendResult()
  }

  private func abortMessage() {
    outcome.stopReason = nil
    outcome.terminalReason = "aborted_streaming"
    if message != nil { outcome.used.output += 1 }
    let notice = { [writer] in writer.user([LineWriter.textBlock("[Request interrupted by user]")]) }
    if let message { message.abort(between: notice) } else { notice() }
  }

  private func abortTool() {
    outcome.terminalReason = "aborted_tools"
    if openCall?.function != nil {
      inbox.functions.cancel()
    } else if let openRequestID {
      writer.permissionRequestWithdrawn(openRequestID)
    }
    guard let openCall else { return }
    outcome.denials.append(openCall.denial)
    writer.toolResult(openCall.id, SimulatedTurn.rejection, isError: true)
    writer.user([LineWriter.textBlock("[Request interrupted by user for tool use]")])
  }

  private static let rejection =
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the "
    + "new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed."

  private func sendResults() {
    sendResult()
    if directives.has(.twoResults) {
      outcome.messages = 2
      outcome.text = "second result"
      outcome.used = TokenCount()
      sendResult()
    }
    if directives.has(.exitAfter) { writer.console.exit(conversation.exitStatus) }
  }

  private func sendResult() {
    outcome.queued = inbox.queue.count
    conversation.apiMilliseconds += Clock.milliseconds - outcome.startedAt
    writer.result(outcome)
  }
}
