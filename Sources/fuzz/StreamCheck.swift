import Bytes
import ClaudeCode

/// The scanner accepts every JSON object and finds the `type` that the strict parser finds.
enum StreamCheck {
  static func run(_ line: [UInt8]) throws(Finding) {
    let message = StreamMessage(scanning: line.span)
    guard let value = try? JSONValue(parsing: line), value.object != nil else { return }
    guard let message else { throw Finding("an object was not scanned") }
    // The scanner does not decode escapes, so it knows no escaped key or type.
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
