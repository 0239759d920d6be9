import Bytes
import HTTP
import HTTPServer

/// The form of a request's errors: each dialect has its own.
enum ErrorForm: Sendable, Equatable {
  /// `{"error":{"message","type","param","code"}}`: the default.
  case openAI
  /// `{"type":"error","error":{"type","message","details":{"error_code"}},"request_id"}`.
  case anthropic
  /// `{"detail"}` besides OpenAI's form, as clients of other agent servers expect.
  case agent

  init(_ head: HTTPRequestHead) {
    guard head.segments.count > 1, head.segments[0] == "v1" else {
      self = head.segments.first == "agent" ? .agent : .openAI
      return
    }
    switch head.segments[1] {
    case "messages": self = .anthropic
    case "models": self = head.isOfAnthropicClient ? .anthropic : .openAI
    default: self = .openAI
    }
  }
}

extension HTTPRequestHead {
  /// Whether a client of Anthropic's API sent it.
  var isOfAnthropicClient: Bool { fields["anthropic-version"] != nil }
}
