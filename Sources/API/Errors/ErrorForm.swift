import Bytes
import HTTP
import HTTPServer

/// How errors are written for a request: each dialect has its own form.
enum ErrorForm: Sendable, Equatable {
  /// `{"error":{"message","type","param","code"}}`: wherever there is no other.
  case openAI
  /// `{"type":"error","error":{"type","message","details":{"error_code"}},"request_id"}`.
  case anthropic
  /// `{"detail"}` beside OpenAI's form: what programs written for other servers of agents look for.
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
  /// Whether it comes from a client that speaks Anthropic's API.
  var isOfAnthropicClient: Bool { fields["anthropic-version"] != nil }
}
