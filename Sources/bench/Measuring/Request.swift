import Bytes
import ClaudeCode

/// The requests of the measurements.
enum Request {
  /// A prompt that makes the simulator emit `events` text events.
  ///
  /// - Parameter gap: milliseconds between events; nil for no gap.
  static func prompt(events: Int, gap: Int?) -> String {
    guard let gap else { return "simulate: flood=\(events)" }
    return "simulate: tokens=\(events) gap=\(gap)"
  }

  /// A run whose events are the CLI's own lines.
  static func relayed(_ prompt: String) -> [UInt8] {
    post("/api/claude", ["prompt": .string(prompt), "include-partial-messages": true])
  }

  /// The same with a journal.
  static func journaled(_ prompt: String) -> [UInt8] {
    post("/agent/stream", ["prompt": .string(prompt), "include-partial-messages": true])
  }

  /// A response, streamed and not stored.
  static func response(_ prompt: String) -> [UInt8] {
    post("/v1/responses", ["input": .string(prompt), "stream": true, "store": false])
  }

  /// A response, streamed and stored.
  static func storedResponse(_ prompt: String) -> [UInt8] {
    post("/v1/responses", ["input": .string(prompt), "stream": true])
  }

  /// Anthropic's message, streamed.
  static func message(_ prompt: String) -> [UInt8] {
    post(
      "/v1/messages",
      [
        "model": "claude-code", "stream": true, "max_tokens": 1000,
        "messages": [["role": "user", "content": .string(prompt)]],
      ])
  }

  /// A chat completion, streamed.
  static func translated(_ prompt: String) -> [UInt8] { translated(prompt, continuing: nil) }

  /// - Parameters:
  ///   - session: the session to continue; nil for a new one.
  ///   - workspace: nil for the shared one.
  static func translated(_ prompt: String, continuing session: String?, in workspace: String? = nil) -> [UInt8] {
    var body: JSONObject = [
      "model": "claude-code", "stream": true, "messages": [["role": "user", "content": .string(prompt)]],
    ]
    if let workspace { body["workspace"] = .string(workspace) }
    return post("/v1/chat/completions", .object(body), fields: session.map { ["x-session-id: \($0)"] } ?? [])
  }

  /// The plain relay's request: the line that the CLI reads.
  static func plain(_ prompt: String) -> [UInt8] { ControlMessage.user(prompt) }

  static let tiny = Array(
    "GET /health/live HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: */*\r\n\r\n".utf8)

  static let health = Array("GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".utf8)

  private static func post(_ path: String, _ body: JSONValue, fields: [String] = []) -> [UInt8] {
    let body = body.encoded
    let head = """
      POST \(path) HTTP/1.1\r
      host: localhost\r
      content-type: application/json\r
      content-length: \(body.count)\r
      connection: close\r

      """
    return Array((head + fields.map { $0 + "\r\n" }.joined() + "\r\n").utf8) + body
  }
}
