import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// The body of `POST /v1/chat/completions`. Unknown fields are ignored, as OpenAI does; fields that cannot be ignored
/// honestly are refused.
struct ChatCompletionRequest: ConversationBody, Equatable {
  static let defaultModel = "claude-code"

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
      messages: Self.messages(body["messages"]), tools: ChatTools(body),
      format: AnswerForm.responseFormat(body["response_format"]), stop: Self.stop(body["stop"]),
      options: Self.options(body, model), at: "messages")
  }

  private static func messages(_ value: JSONValue?) throws -> [ChatMessage] {
    guard let array = value?.array else {
      throw RequestError.invalid("messages must be an array", param: "messages")
    }
    try ConversationRequest.checkCount(array.count, "messages")
    let places = ContentPlace.places(of: array) { $0["role"]?.string == "assistant" }
    return try array.enumerated().map { try ChatMessage($1, at: "messages[\($0)]", in: places[$0]) }
  }

  /// From body fields and `metadata`.
  private static func options(_ body: JSONObject, _ model: String) throws -> TurnOptions {
    var options = try TurnOptions(body)
    options.model = model
    options.effort = try options.effort ?? TurnOptions.Effort(openAI: body["reasoning_effort"], "reasoning_effort")
    return options
  }

  /// The number of stop sequences, and the length of one.
  static let maximumStops = 4
  static let maximumStopLength = 256

  private static func stop(_ value: JSONValue?) throws -> [String] {
    guard let value, !value.isNull else { return [] }
    let sequences = value.string.map { [$0] } ?? value.array?.compactMap(\.string)
    guard let sequences, sequences.count == (value.array?.count ?? 1), sequences.count <= maximumStops,
      sequences.allSatisfy({ $0.utf8.count <= maximumStopLength })
    else {
      throw RequestError.invalid(
        "stop must be a string or up to \(maximumStops) strings of at most \(maximumStopLength) bytes", param: "stop")
    }
    return sequences.filter { !$0.isEmpty }
  }

  private static func refuseUnsupported(_ body: JSONObject) throws {
    func refuse(_ param: String, _ message: String) throws -> Never {
      throw RequestError.invalid(message, param: param, code: "unsupported_parameter")
    }
    if let n = body["n"], !n.isNull, n.int != 1 { try refuse("n", "n must be 1") }
    if body["logprobs"]?.bool == true { try refuse("logprobs", "logprobs are not available") }
    if let modalities = body["modalities"]?.array, modalities.contains(where: { $0.string != "text" }) {
      try refuse("modalities", "The only modality is text")
    }
    if let audio = body["audio"], !audio.isNull { try refuse("audio", "Audio is not available") }
  }
}
