import Bytes
import ClaudeCode
import HTTP
import HTTPServer
import Turns

/// The form of a transcript in a response.
enum TranscriptFormat: Sendable {
  /// The conversation.
  case messages
  /// The CLI's own lines.
  case raw

  /// - Throws: `RequestError` 400 for an unknown format.
  init(_ head: HTTPRequestHead) throws {
    switch head.queryItem("format") {
    case nil, "messages": self = .messages
    case "raw": self = .raw
    default: throw RequestError.invalid("format must be messages or raw", param: "format")
    }
  }

  /// Made off the loop: a transcript can be long.
  func response(_ text: [UInt8]) async -> HTTPResponse {
    let body = await Task.detached { self.body(text) }.value
    return HTTPResponse(head: HTTPResponseHead(.ok, ["content-type": contentType]), body: .bytes(body))
  }

  private var contentType: String {
    switch self {
    case .messages: "application/json"
    case .raw: "application/x-ndjson"
    }
  }

  func body(_ text: [UInt8]) -> [UInt8] {
    switch self {
    case .messages:
      let list: JSONValue = [
        "object": "list", "data": .array(TranscriptConversation(parsing: text).messages.map(\.json)),
        "has_more": false,
      ]
      return list.encoded + [Ascii.lineFeed]
    // Complete lines only: the CLI may be writing the last one.
    case .raw: return Array(text[..<((text.lastIndex(of: Ascii.lineFeed) ?? -1) + 1)])
    }
  }
}

extension TranscriptConversation.Message {
  fileprivate var json: JSONValue {
    [
      "uuid": .string(uuid), "role": .string(role.rawValue), "content": .array(content),
      "timestamp": JSONValue(timestamp),
    ]
  }
}
