import Bytes
import ClaudeCode
import HTTPServer

/// The body of `POST /v1/responses`: what is used of it. It is kept as it came, and read again when the response is asked
/// for.
struct ResponseRequest: Sendable, Equatable {
  /// As the client spells it.
  let model: String
  let input: [ResponseInputItem]
  let instructions: String?
  let previousID: String?
  let isStreamed: Bool
  let isStored: Bool
  let isBackground: Bool
  let tools: ChatTools
  let format: AnswerForm
  /// From body fields and `metadata`.
  let options: TurnOptions
  let body: JSONObject

  /// - Throws: `HTTPError` 400 with `param`.
  init(_ body: JSONObject) throws {
    self.body = body
    model = try body.optional("model", "a string", \.string) ?? ChatCompletionRequest.defaultModel
    input = try ResponseInputItem.list(body["input"])
    instructions = try body.optional("instructions", "a string", \.string)
    previousID = try body.optional("previous_response_id", "a string", \.string)
    isStreamed = try body.optional("stream", "true or false", \.bool) ?? false
    isStored = try body.optional("store", "true or false", \.bool) ?? true
    isBackground = try body.optional("background", "true or false", \.bool) ?? false
    tools = try ChatTools(body)
    format = try AnswerForm.textFormat(body["text"]?["format"])
    var options = try TurnOptions(body)
    options.model = model
    options.effort =
      try options.effort ?? TurnOptions.Effort(openAI: body["reasoning"]?["effort"], "reasoning.effort")
    self.options = options
    try refuseUnsupported()
  }

  private func refuseUnsupported() throws {
    for name in ["conversation", "prompt"] where body[name].map({ !$0.isNull }) ?? false {
      throw HTTPError.invalidRequest("\(name) is not supported", param: name, code: "unsupported_parameter")
    }
    if isBackground, !isStored {
      throw HTTPError.invalidRequest("a background response must be stored", param: "store")
    }
  }

  /// The instructions as a message.
  var stage: [ChatMessage] { instructions.map { [ChatMessage(role: .system, text: $0)] } ?? [] }

  /// What a response repeats of its request.
  var echo: JSONObject {
    var echo = JSONObject()
    for (name, value) in ResponseRequest.defaults.members.map({ ($0.key, $0.value) }) {
      echo[name] = body[name].flatMap { $0.isNull ? nil : $0 } ?? value
    }
    echo["model"] = .string(model)
    var text = body["text"]?.object ?? JSONObject()
    if text["format"] == nil { text["format"] = ["type": "text"] }
    echo["text"] = .object(text)
    return echo
  }

  private static let defaults: JSONObject = [
    "background": false, "instructions": nil, "max_output_tokens": nil, "max_tool_calls": nil, "metadata": [:],
    "model": nil, "parallel_tool_calls": true, "previous_response_id": nil,
    "reasoning": ["effort": nil, "summary": nil], "service_tier": "default", "store": true, "temperature": nil,
    "text": nil, "tool_choice": "auto", "tools": [], "top_p": nil, "truncation": "disabled", "user": nil,
  ]
}
