public import Bytes

/// Frames of `text/event-stream` (WHATWG HTML, section 9.2).
public enum ServerSentEvent {
  /// Opens a data frame; the payload must contain no line end. Close with `end`.
  public static func beginData(_ output: inout ByteBuffer) { output.append("data: ") }

  /// Opens a data frame of a named event.
  public static func begin(_ event: String, _ output: inout ByteBuffer) {
    output.append("event: ")
    output.append(event)
    output.append("\n")
    beginData(&output)
  }

  public static func end(_ output: inout ByteBuffer) { output.append("\n\n") }

  /// A whole data frame.
  public static func data(_ payload: Span<UInt8>, to output: inout ByteBuffer) {
    beginData(&output)
    output.append(payload)
    end(&output)
  }

  /// The keep-alive comment. One line end, not two: an empty event crashes openai-python once an id was seen, and
  /// older openai-go always.
  public static let ping = ": ping\n"

  /// The end of OpenAI's streams.
  public static let done = "data: [DONE]\n\n"
}
