package import Bytes
package import ClaudeCode
import HTTP
import Turns

/// The raw stream: the CLI's lines as data frames, unchanged.
package struct ClaudeStreamEncoder: RunEncoder {
  private let includesPartialMessages: Bool
  private let sessionID: String
  package private(set) var hasContent = false

  package init(includesPartialMessages: Bool, sessionID: String) {
    self.includesPartialMessages = includesPartialMessages
    self.sessionID = sessionID
  }

  package mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    switch message.kind {
    case .streamEvent where !includesPartialMessages: return
    case .controlRequest, .controlResponse, .controlCancelRequest, .transcriptMirror: return
    case .result where !hasContent:
      // Only a failure was emitted: it can still be an HTTP status.
      if let result = TurnResult(line), let error = ClaudeError(result) { throw error }
    default: break
    }
    hasContent = true
    ServerSentEvent.data(line, to: &output)
  }

  // The raw stream offers no functions and forwards no permission requests.
  package mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {}

  package mutating func closeParked(to output: inout ByteBuffer) {}

  package mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {}

  package mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {
    ServerSentEvent.data(ClaudeStreamEncoder.line(error, sessionID: sessionID).span, to: &output)
  }

  /// The error in the form of the `result` line that it replaces.
  static func line(_ error: ClaudeError, sessionID: String?) -> [UInt8] {
    let subtype =
      switch error.kind {
      case .totalTimeout, .inactivityTimeout: "timeout"
      default: "error"
      }
    let line: JSONValue = [
      "type": "result", "subtype": .string(subtype), "is_error": true, "result": .string(error.message),
      "session_id": JSONValue(sessionID),
    ]
    return line.encoded
  }
}
