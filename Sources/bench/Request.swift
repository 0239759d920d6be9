import Bytes
import ClaudeCode

/// What is sent to a subject.
enum Request {
  /// The CLI's own lines as events.
  static func relayed(_ prompt: String) -> [UInt8] {
    post("/api/claude", ["prompt": .string(prompt), "include-partial-messages": true])
  }

  /// A chat completion, streamed.
  static func translated(_ prompt: String) -> [UInt8] {
    post(
      "/v1/chat/completions",
      [
        "model": "claude-code", "stream": true,
        "messages": [["role": "user", "content": .string(prompt)]],
      ])
  }

  /// What the plain relay takes: the line that the CLI reads.
  static func plain(_ prompt: String) -> [UInt8] { ControlMessage.user(prompt) }

  static let tiny = Array(
    "GET /health/live HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: */*\r\n\r\n".utf8)

  private static func post(_ path: String, _ body: JSONValue) -> [UInt8] {
    let body = body.encoded
    let head = """
      POST \(path) HTTP/1.1\r
      host: localhost\r
      content-type: application/json\r
      content-length: \(body.count)\r
      connection: close\r
      \r

      """
    return Array(head.utf8) + body
  }
}
