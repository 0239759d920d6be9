import Bytes
import Testing

/// A streamed chat completion, put together as clients do it, and everything in it that would trip one.
struct ChatStream: Sendable {
  private(set) var content = ""
  private(set) var reasoning = ""
  private(set) var finishReason: String?
  private(set) var usage: JSONValue?
  /// What came instead of a finish reason.
  private(set) var error: JSONValue?
  /// Each piece of content, with its end in the body.
  private(set) var pieces: [EventStream.Event] = []
  private(set) var violations: [String]

  init(_ stream: EventStream) throws {
    violations = stream.violations
    if stream.data.filter({ $0 == "[DONE]" }).count != 1 || stream.data.last != "[DONE]" {
      violations.append("[DONE] does not stand once and last")
    }
    let chunks = try stream.events.filter { $0.data != "[DONE]" }.map { ($0, try JSONValue(parsing: $0.data)) }
    for (event, chunk) in chunks {
      if error != nil || usage != nil { violations.append("a chunk after the last one: \(event.data)") }
      if let error = chunk["error"] { self.error = error } else { take(chunk, event) }
    }
    checkIdentity(chunks.map(\.1).filter { $0["error"] == nil })
    if (finishReason == nil) == (error == nil) { violations.append("neither or both of finish reason and error") }
  }

  private mutating func take(_ chunk: JSONValue, _ event: EventStream.Event) {
    guard let choices = chunk["choices"]?.array else { return violations.append("no choices: \(event.data)") }
    guard let choice = choices.first else {
      usage = chunk["usage"]
      return
    }
    if finishReason != nil { violations.append("a choice after the finish reason: \(event.data)") }
    if let text = choice["delta"]?["content"]?.string {
      content += text
      if !text.isEmpty { pieces.append(EventStream.Event(data: text, end: event.end)) }
    }
    reasoning += choice["delta"]?["reasoning_content"]?.string ?? ""
    if let reason = choice["finish_reason"]?.string {
      finishReason = reason
      if choice["delta"] != [:] { violations.append("a delta beside the finish reason: \(event.data)") }
    }
  }

  private mutating func checkIdentity(_ chunks: [JSONValue]) {
    for name in ["id", "object", "created", "model", "system_fingerprint"] {
      if Set(chunks.map { $0[name]?.text ?? "missing" }).count > 1 { violations.append("\(name) changes") }
    }
    let roles = chunks.map { $0["choices"]?.array?.first?["delta"]?["role"] }
    if roles.first != "assistant" || roles.dropFirst().contains(where: { $0 != nil }) {
      violations.append("the role does not stand once and first")
    }
  }
}
