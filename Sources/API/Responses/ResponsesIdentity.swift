import Bytes
import ClaudeCode

/// What is the same in every form of one response.
struct ResponsesIdentity: Sendable, Equatable {
  /// `resp_…`
  let id: String
  /// Unix seconds.
  let created: Int
  /// The fields of the request that the response repeats.
  let echo: JSONObject

  /// The common part of its items' ids.
  var stem: Substring { id.dropFirst(ResponsesIdentity.prefix.count) }

  static let prefix = "resp_"

  /// The response that an item belongs to, and the item's index, by the item's id; nil for an id that this server did
  /// not make.
  static func owner(ofItem id: String) -> (response: String, index: Int)? {
    let parts = id.split(separator: "_")
    guard parts.count == 3, let index = Int(parts[2]) else { return nil }
    return (prefix + parts[1], index)
  }

  func itemID(_ kind: String, _ index: Int) -> String { "\(kind)_\(stem)_\(index)" }

  /// The response at one point of its life.
  func json(_ status: ResponsesStatus, output: [JSONValue], usage: TokenUsage?, cost: Double?) -> JSONValue {
    var object: JSONObject = [
      "id": .string(id), "object": "response", "created_at": JSONValue(created), "status": .string(status.name),
      "error": status.error, "incomplete_details": status.incompleteDetails,
    ]
    for member in echo.members { object[member.key] = member.value }
    object["output"] = .array(output)
    object["usage"] = usage.map { $0.responseUsage(cost: cost) } ?? .null
    return .object(object)
  }
}

/// The status of a response.
enum ResponsesStatus: Sendable, Equatable {
  case queued
  case inProgress
  case completed
  /// For `max_output_tokens` or `content_filter`.
  case incomplete(String)
  case failed(ClaudeError)

  var name: String {
    switch self {
    case .queued: "queued"
    case .inProgress: "in_progress"
    case .completed: "completed"
    case .incomplete: "incomplete"
    case .failed(let error): error.kind == .cancelled ? "cancelled" : "failed"
    }
  }

  var error: JSONValue {
    guard case .failed(let error) = self, error.kind != .cancelled else { return .null }
    // OpenAI has no other codes for it.
    let code = if case .upstream(429) = error.kind { "rate_limit_exceeded" } else { "server_error" }
    return ["code": .string(code), "message": .string(error.message)]
  }

  var incompleteDetails: JSONValue {
    if case .incomplete(let reason) = self { ["reason": .string(reason)] } else { .null }
  }

  /// The event that ends the stream.
  var event: String {
    switch self {
    case .queued: "response.queued"
    case .inProgress: "response.in_progress"
    case .completed: "response.completed"
    case .incomplete: "response.incomplete"
    case .failed: "response.failed"
    }
  }
}

extension TokenUsage {
  /// OpenAI's usage object of a response.
  ///
  /// - Parameter cost: US dollars; nil if it is unknown.
  fileprivate func responseUsage(cost: Double?) -> JSONValue {
    var object: JSONObject = [
      "input_tokens": JSONValue(prompt),
      "input_tokens_details": ["cached_tokens": JSONValue(cacheRead), "cache_write_tokens": JSONValue(cacheCreation)],
      "output_tokens": JSONValue(output), "output_tokens_details": ["reasoning_tokens": JSONValue(thinking)],
      "total_tokens": JSONValue(total),
    ]
    if let cost { object["cost_usd"] = .number("\(cost)") }
    return .object(object)
  }
}
