import Bytes

/// The CLI leaves out a function or a schema that it does not accept, without an error. Its `system/init` lists what is
/// there (2.1.329), before the upstream is asked.
extension Turn {
  /// The tool with which the CLI implements structured answers.
  static let structuredOutput = "StructuredOutput"

  /// Whether the turn cannot do without certain tools.
  var needsTools: Bool { outputSchema != nil || !functions.isEmpty }

  /// The error of a turn whose CLI does not have one of its tools; nil for any line but a `system/init` with a list.
  func missingTool(_ message: StreamMessage, _ line: Span<UInt8>) -> ClaudeError? {
    guard message.isInitialization(line), let tools = Turn.tools(line) else { return nil }
    if outputSchema != nil, !tools.contains(Turn.structuredOutput) {
      return Turn.refused("Claude Code does not accept the JSON schema of the answer")
    }
    let missing = functions.map(\.name).filter { !tools.contains(FunctionDeclaration.toolName(of: $0)) }
    guard let name = missing.first else { return nil }
    let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
    return Turn.refused("Claude Code does not accept the JSON schema of the function \(name)\(others)")
  }

  private static func refused(_ message: String) -> ClaudeError {
    ClaudeError(.schemaRefused, message, reachedCLI: true)
  }

  /// The list in a `system/init`; nil if it has none.
  private static func tools(_ line: Span<UInt8>) -> Set<String>? {
    var cursor = JSONCursor()
    guard (try? cursor.enterObject(line)) != nil else { return nil }
    while let key = try? cursor.nextKey(line), let value = try? cursor.value(line) {
      guard line.matches(key, "tools") else { continue }
      return (try? JSONValue(parsing: line.extracting(value)))?.array.map { Set($0.compactMap(\.string)) }
    }
    return nil
  }
}
