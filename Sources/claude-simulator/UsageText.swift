/// What `--help` prints.
enum UsageText {
  static var whole: String {
    """
    Usage: claude-simulator [options] [prompt]

    Plays the Claude Code CLI. It takes the flags of the real one; a line

      simulate: name name=value …

    anywhere in the user's text, and the variable CLAUDE_SIMULATOR, ask for faults:

    \(Directive.table.map(line).joined(separator: "\n"))

    """
  }

  private static func line(_ row: Directive.Row) -> String {
    let form = row.directive.rawValue + suffix(row.value)
    return "  " + form + String(repeating: " ", count: max(1, 22 - form.count)) + row.meaning
  }

  private static func suffix(_ value: Directive.Value) -> String {
    switch value {
    case .flag: ""
    case .number(let name, default: .some): "[=\(name)]"
    case .number(let name, default: .none), .word(let name): "=\(name)"
    }
  }
}
