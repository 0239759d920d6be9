import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// The body of `POST /v1/responses`, without its input.
struct ResponsesRequest: Sendable, Equatable {
  /// As the client spells it.
  let model: String
  let instructions: String?
  let previousID: String?
  let isStreamed: Bool
  let isStored: Bool
  let isBackground: Bool
  let tools: ChatTools
  let format: AnswerForm
  /// From body fields and `metadata`.
  let options: TurnOptions
  /// The fields that the response repeats.
  let echo: JSONObject

  /// - Throws: `RequestError` 400 with `param`.
  init(_ body: JSONObject) throws {
    model = try body.optional("model", "a string", \.string) ?? ModelCatalog.defaultModel
    instructions = try Self.instructions(body)
    // Some clients send an empty id for none.
    previousID = try body.optional("previous_response_id", "a string", \.string).flatMap { $0.isEmpty ? nil : $0 }
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
    echo = try Self.echo(body, model: model)
    try refuseUnsupported(body)
  }

  private static func instructions(_ body: JSONObject) throws -> String? {
    let instructions = try body.optional("instructions", "a string", \.string)
    guard (instructions?.utf8.count ?? 0) <= RequestLimits.repeatedInstructions else {
      throw RequestError.invalid(
        "instructions are longer than \(RequestLimits.repeatedInstructions) bytes", param: "instructions",
        code: "instructions_too_long")
    }
    return instructions
  }

  private func refuseUnsupported(_ body: JSONObject) throws {
    for name in ["conversation", "prompt"] where body[name].map({ !$0.isNull }) ?? false {
      throw RequestError.invalid("\(name) is not supported", param: name, code: "unsupported_parameter")
    }
    if isBackground, !isStored {
      throw RequestError.invalid("a background response must be stored", param: "store")
    }
  }

  /// The instructions as a message.
  var stage: [ChatMessage] { instructions.map { [ChatMessage(role: .system, text: $0)] } ?? [] }

  private static func echo(_ body: JSONObject, model: String) throws -> JSONObject {
    var echo = JSONObject()
    for (name, value) in ResponsesRequest.defaults.members.map({ ($0.key, $0.value) }) {
      echo[name] = body[name].flatMap { $0.isNull ? nil : $0 } ?? value
    }
    echo["model"] = .string(model)
    var text = body["text"]?.object ?? JSONObject()
    if text["format"] == nil { text["format"] = ["type": "text"] }
    echo["text"] = .object(text)
    guard JSONValue.object(echo).encoded.count <= RequestLimits.repeatedFields else {
      throw RequestError.invalid(
        "the fields that a response repeats are larger than \(RequestLimits.repeatedFields) bytes",
        code: "request_too_large")
    }
    return echo
  }

  private static let defaults: JSONObject = [
    "background": false, "instructions": nil, "max_output_tokens": nil, "max_tool_calls": nil, "metadata": [:],
    "model": nil, "parallel_tool_calls": true, "previous_response_id": nil,
    "reasoning": ["effort": nil, "summary": nil], "service_tier": "default", "store": true, "temperature": nil,
    "text": nil, "tool_choice": "auto", "tools": [], "top_p": nil, "truncation": "disabled", "user": nil,
  ]
}

/// A whole body of `POST /v1/responses`, read off the loop: only `request` is kept as long as the run.
struct ResponsesBody: Sendable {
  let request: ResponsesRequest
  let input: [ResponsesInputItem]
  /// The body for the journal; nil for a response that is not stored.
  let journaled: JournaledRequest?
  /// Bytes of the body: a measure of the work it causes.
  let size: Int

  /// - Throws: `RequestError` 400 with `param`.
  init(_ body: JSONObject, size: Int) throws {
    self.size = size
    request = try ResponsesRequest(body)
    input = try ResponsesInputItem.list(body["input"])
    journaled = request.isStored ? ResponsesRecord.journaled(body) : nil
  }
}
