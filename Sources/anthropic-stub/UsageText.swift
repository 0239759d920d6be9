/// What `--help` prints.
enum UsageText {
  static var whole: String {
    """
    Usage: anthropic-stub [--port N] [--log FILE]

    Plays the Anthropic Messages API on 127.0.0.1. N is 0 for any free port; the port is printed. FILE gets one JSON
    line per request. GET /__requests returns the bodies of the last \(RequestLog.keptBodies) messages requests,
    DELETE /__requests forgets them.

    A line

      stub: name name=value …

    in the last user message is the script of the answer. Without one the answer is `You said: <the user's text>`.

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
