import Bytes

/// What becomes of a tool in a request's list, by its type.
enum ToolKind {
  /// A function with a schema, in the dialect's form.
  case function
  /// A tool whose input is free text.
  case custom
  /// Tools under a common name (Codex CLI 0.163).
  case namespace
  /// A tool that the API itself runs, for which Claude Code has these.
  case builtIn([String])
  /// A tool that the client runs, with an input that Anthropic documents.
  case documented(JSONValue, description: String)
  /// Any other.
  case other

  init(_ tool: JSONValue) {
    // Anthropic's form of a function, also among OpenAI's tools, whatever its type.
    guard tool["input_schema"] == nil, let type = tool["type"]?.string else {
      self = .function
      return
    }
    switch type {
    case "function": self = .function
    case "custom": self = .custom
    case "namespace": self = .namespace
    default: self = ToolKind.dated(type, tool)
    }
  }

  /// Types that can end with a date, as in `web_search_2025_08_26` or `bash_20250124`.
  private static func dated(_ type: String, _ tool: JSONValue) -> ToolKind {
    switch base(of: type) {
    case "web_search", "web_search_preview": .builtIn(search(type, tool))
    case "web_fetch": .builtIn([webFetch])
    case "bash": .documented(bash, description: "Run a command in a shell that keeps its state.")
    case "text_editor": .documented(textEditor, description: "View, create and edit text files.")
    case "memory": .documented(memory, description: "Keep notes in files below /memories.")
    default: .other
    }
  }

  /// The type without its date.
  private static func base(of type: String) -> String {
    let parts = type.split(separator: "_", omittingEmptySubsequences: false)
    let dates = parts.reversed().prefix { !$0.isEmpty && $0.utf8.allSatisfy(Ascii.isDigit) }.count
    return parts.dropLast(dates).joined(separator: "_")
  }

  // MARK: Web tools

  static let webSearch = "WebSearch"
  static let webFetch = "WebFetch"

  /// OpenAI's search also opens pages, unless it may not leave its index; Anthropic's has `web_fetch` for that.
  private static func search(_ type: String, _ tool: JSONValue) -> [String] {
    let isAnthropic = type.utf8.count == "web_search_20250305".utf8.count && base(of: type) == "web_search"
    return isAnthropic || tool["external_web_access"] == false ? [webSearch] : [webSearch, webFetch]
  }

  // MARK: Inputs of Anthropic's tools that clients run

  private static let bash: JSONValue = object(
    [
      "command": ["type": "string", "description": "The command; required unless the shell is restarted."],
      "restart": ["type": "boolean", "description": "Whether to restart the shell."],
    ], required: [])

  private static let textEditor: JSONValue = object(
    edits(["view", "create", "str_replace", "insert", "undo_edit"]), required: ["command", "path"])

  private static let memory: JSONValue = {
    var fields = edits(["view", "create", "str_replace", "insert", "delete", "rename"])
    fields["old_path"] = ["type": "string", "description": "The path to rename."]
    fields["new_path"] = ["type": "string", "description": "The new path."]
    return object(fields, required: ["command"])
  }()

  private static func edits(_ commands: [JSONValue]) -> JSONObject {
    [
      "command": ["type": "string", "enum": .array(commands)],
      "path": ["type": "string", "description": "The path of a file or directory."],
      "view_range": [
        "type": "array", "items": ["type": "integer"],
        "description": "For view: the first and the last line; -1 is the end of the file.",
      ],
      "file_text": ["type": "string", "description": "For create: the whole content."],
      "old_str": ["type": "string", "description": "For str_replace: the text to replace, which occurs once."],
      "new_str": ["type": "string", "description": "For str_replace: the text in its place."],
      "insert_line": ["type": "integer", "description": "For insert: the line after which to insert; 0 is the start."],
      "insert_text": ["type": "string", "description": "For insert: the text."],
    ]
  }

  private static func object(_ properties: JSONObject, required: [JSONValue]) -> JSONValue {
    ["type": "object", "properties": .object(properties), "required": .array(required)]
  }
}
