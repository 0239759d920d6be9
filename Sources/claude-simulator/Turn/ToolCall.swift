import Bytes

/// A tool call of the model.
struct ToolCall {
  let id: String
  let name: String
  var input: JSONValue

  /// The name of the client's function; nil for a tool of the CLI.
  var function: String? { name.hasPrefix(ToolCall.prefix) ? String(name.dropFirst(ToolCall.prefix.count)) : nil }

  static let prefix = "mcp__client__"

  var block: JSONValue { ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input] }

  /// The input as the upstream streams it: in pieces that are not JSON by themselves.
  var inputPieces: [String] {
    let text = input.text
    let middle = text.index(text.startIndex, offsetBy: text.count / 2)
    return [String(text[..<middle]), String(text[middle...])]
  }

  /// The entry of a denied call in the result line.
  var denial: JSONValue { ["tool_name": .string(name), "tool_use_id": .string(id), "tool_input": input] }
}

/// What the options decide about a tool that needs permission.
enum ToolPermission {
  case allowed
  case denied
  case ask

  init(_ conversation: Conversation, _ tool: String) {
    let mode = conversation.permissionMode
    if conversation.allowedTools.contains(tool) || mode == "bypassPermissions" {
      self = .allowed
    } else if mode == "acceptEdits", BuiltInTools.editing.contains(tool) {
      self = .allowed
    } else {
      self = conversation.options.asksOnStandardInput && mode != "dontAsk" ? .ask : .denied
    }
  }
}

/// Whether a call may run.
enum ToolVerdict {
  case allowed(input: JSONValue)
  case denied(String)

  /// Reads the response to can_use_tool; nil if stdin closed before one arrived.
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

/// The tools of the recorded `init` line.
enum BuiltInTools {
  static let names = [
    "Task", "Bash", "CronCreate", "CronDelete", "CronList", "Edit", "EnterWorktree", "ExitWorktree", "ListAgents",
    "Monitor", "NotebookEdit", "Read", "ReportFindings", "ScheduleWakeup", "SendMessage", "Skill", "TaskStop",
    "ToolSearch", "WebFetch", "WebSearch", "Workflow", "Write",
  ]

  /// The tools that `acceptEdits` allows.
  static let editing = ["Edit", "NotebookEdit", "Write"]
}
