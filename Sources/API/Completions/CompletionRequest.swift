import Bytes
import ClaudeCode
import Turns

/// The body of `POST /v1/completions`: one prompt, which becomes the user's message. Unknown fields are ignored; fields
/// that cannot be ignored honestly are refused.
struct CompletionRequest: ConversationBody, Equatable {
  static let takesCalls = false

  /// As the client spells it.
  let model: String
  let isStreamed: Bool
  let includesUsage: Bool
  let conversation: ConversationRequest

  /// - Throws: `RequestError` 400 with `param`.
  init(_ body: JSONObject) throws {
    model = try body.optional("model", "a string", \.string) ?? ModelCatalog.defaultModel
    isStreamed = try body.optional("stream", "true or false", \.bool) ?? false
    includesUsage = body["stream_options"]?["include_usage"]?.bool ?? false
    try Self.refuseUnsupported(body)
    conversation = try ConversationRequest(
      messages: [ChatMessage(role: .user, text: Self.prompt(body["prompt"] ?? .null))],
      tools: ChatTools([], choice: .auto, areParallel: true), stop: ChatCompletionRequest.stop(body["stop"]),
      options: ChatCompletionRequest.options(body, model), at: "prompt")
  }

  private static func prompt(_ value: JSONValue) throws -> String {
    let prompts = value.array ?? [value]
    if let first = prompts.first, first.int != nil || first.array != nil {
      throw RequestError.invalid("prompt must be text: tokens are not accepted", param: "prompt")
    }
    guard prompts.count == 1 else {
      throw RequestError.invalid("prompt must be one prompt, not \(prompts.count)", param: "prompt")
    }
    guard let text = prompts[0].string, !text.isBlank else {
      throw RequestError.invalid("prompt must be a non-empty string, or an array of one", param: "prompt")
    }
    return text
  }

  private static func refuseUnsupported(_ body: JSONObject) throws {
    func refuse(_ param: String, _ message: String) throws -> Never {
      throw RequestError.invalid(message, param: param, code: "unsupported_parameter")
    }
    for name in ["n", "best_of"] {
      if let count = body[name], !count.isNull, count.int != 1 { try refuse(name, "\(name) must be 1") }
    }
    if let logprobs = body["logprobs"], !logprobs.isNull, logprobs != false {
      try refuse("logprobs", "logprobs are not available")
    }
    if let echo = body["echo"], !echo.isNull, echo != false { try refuse("echo", "echo is not available") }
    if let suffix = body["suffix"], !suffix.isNull, suffix != "" {
      try refuse("suffix", "Text cannot be inserted before a suffix")
    }
    if let tools = body["tools"]?.array, !tools.isEmpty {
      try refuse("tools", "Completions have no functions; POST /v1/chat/completions has")
    }
  }
}
