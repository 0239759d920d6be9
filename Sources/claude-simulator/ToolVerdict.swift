import Bytes

/// Whether a call may run.
enum ToolVerdict {
  case allowed(input: JSONValue)
  case denied(String)

  /// Reads the answer to can_use_tool; nil means that stdin closed before one came.
  init(_ answer: JSONValue?, for call: ToolCall) {
    let response = answer?["response"]
    switch (answer?["subtype"]?.string, response?["behavior"]?.string) {
    case (nil, _):
      let reason = "AbortError: Tool permission stream closed before response received"
      self = .denied("Tool permission request failed: \(reason)")
    case ("error", _):
      self = .denied("Tool permission request failed: Error: \(answer?["error"]?.string ?? "unknown")")
    case (_, "allow"):
      self = .allowed(input: response?["updatedInput"] ?? call.input)
    case (_, "deny"):
      self = .denied(response?["message"]?.string ?? "denied")
    default:
      self = .denied("Tool permission request failed: ZodError: the answer has no behavior")
    }
  }
}
