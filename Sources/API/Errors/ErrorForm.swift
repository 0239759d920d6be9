import Bytes
import EventLoop
import HTTP
import HTTPServer

/// How errors are written for a request: each dialect has its own form.
enum ErrorForm: Sendable, Equatable {
  /// `{"error":{"message","type","param","code"}}`: wherever there is no other.
  case openAI
  /// `{"type":"error","error":{"type","message","details":{"error_code"}},"request_id"}`.
  case anthropic

  init(_ head: HTTPRequestHead) {
    let isMessages = head.segments.starts(with: ["v1", "messages"])
    let isModels = head.segments.starts(with: ["v1", "models"])
    self = isMessages || isModels && head.isOfAnthropicClient ? .anthropic : .openAI
  }
}

extension HTTPRequestHead {
  /// Whether it comes from a client that speaks Anthropic's API.
  var isOfAnthropicClient: Bool { fields["anthropic-version"] != nil }
}
