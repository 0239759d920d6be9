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
    // Without the version, and with two, for clients whose base URL is nearly right: they read only their own form.
    switch head.segments.drop(while: { $0 == "v1" }).first {
    case "messages": self = .anthropic
    case "models": self = head.isOfAnthropicClient ? .anthropic : .openAI
    default: self = head.segments.first == "agent" ? .agent : .openAI
    }
  }
}

extension HTTPRequestHead {
  /// Whether a client of Anthropic's API sent it.
  var isOfAnthropicClient: Bool { fields["anthropic-version"] != nil }
}
