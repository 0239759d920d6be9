import Bytes
import ClaudeCode

/// The scanner takes every JSON object, and sees the `type` that the strict reader sees.
enum StreamCheck {
  static func run(_ line: [UInt8]) throws(Finding) {
    let message = StreamMessage(scanning: line.span)
    guard let value = try? JSONValue(parsing: line), value.object != nil else { return }
    guard let message else { throw Finding("an object was not scanned") }
    // The scanner decodes nothing: an escaped key or type is none of those it knows.
    guard !line.contains(Ascii.backslash) else { return }
    let expected = kinds[value["type"]?.string ?? ""] ?? .other
    guard message.kind == expected else { throw Finding("scanned \(message.kind), the type is \(expected)") }
    let session = message.sessionID.map { line.span.text(in: $0) }
    guard session == value["session_id"]?.string else { throw Finding("scanned the session \(session ?? "-")") }
  }

  private static let kinds: [String: StreamMessage.Kind] = [
    "system": .system, "stream_event": .streamEvent, "assistant": .assistant, "user": .user, "result": .result,
    "control_request": .controlRequest, "control_response": .controlResponse,
    "control_cancel_request": .controlCancelRequest, "transcript_mirror": .transcriptMirror,
  ]
}
