import ClaudeCode

/// How the simulator is started by the floor: as the server starts it.
enum Simulation {
  static let arguments = [
    "-p", "--verbose", "--output-format=stream-json", "--input-format=stream-json", "--include-partial-messages",
    "--permission-prompt-tool=stdio", "--strict-mcp-config",
  ]

  static func environment(home: String) -> [String: String] { ["PATH": "/usr/bin:/bin", "HOME": home] }

  /// What a turn of `events` text events asks for.
  ///
  /// - Parameter gap: milliseconds between events; nil for as fast as it goes.
  static func prompt(events: Int, gap: Int?) -> String {
    guard let gap else { return "simulate: flood=\(events)" }
    return "simulate: tokens=\(events) gap=\(gap)"
  }
}
