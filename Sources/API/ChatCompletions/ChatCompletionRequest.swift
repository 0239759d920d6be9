import Bytes
import ClaudeCode
import HTTPServer

/// The body of `POST /v1/chat/completions`: what is used of it. Unknown fields are ignored, as OpenAI does; what would
/// be a lie if ignored is refused.
struct ChatCompletionRequest: Sendable, Equatable {
  static let defaultModel = "claude-code"

  /// As the client spells it, for the answer.
  let model: String
  let messages: [ChatMessage]
  let isStreamed: Bool
  let includesUsage: Bool
  let tools: ChatTools
  /// Sequences before the first of which the answer ends.
  let stop: [String]
  /// What `response_format` asks for.
  let format: AnswerForm
  /// From body fields and `metadata`.
  let options: TurnOptions

  /// - Throws: `HTTPError` 400 with `param`.
  init(_ body: JSONObject) throws {
    model = try ChatCompletionRequest.optional(body, "model", "a string", \.string) ?? Self.defaultModel
    messages = try Self.messages(body["messages"])
    isStreamed = try Self.optional(body, "stream", "true or false", \.bool) ?? false
    includesUsage = body["stream_options"]?["include_usage"]?.bool ?? false
    tools = try ChatTools(body)
    format = try AnswerForm.responseFormat(body["response_format"])
    stop = try Self.stop(body["stop"])
    try Self.refuseUnsupported(body)
    try Self.checkImages(messages)
    var options = try TurnOptions(fields: body, except: [.model])
    if let metadata = body["metadata"], !metadata.isNull {
      guard let object = metadata.object else {
        throw HTTPError.invalidRequest("metadata must be an object", param: "metadata")
      }
      options = options.merging(try TurnOptions(metadata: object))
    }
    options.model = model
    options.effort = try options.effort ?? Self.effort(body["reasoning_effort"])
    self.options = options
  }

  private static func messages(_ value: JSONValue?) throws -> [ChatMessage] {
    guard let array = value?.array else {
      throw HTTPError.invalidRequest("messages must be an array", param: "messages")
    }
    guard !array.isEmpty else { throw HTTPError.invalidRequest("messages must not be empty", param: "messages") }
    let messages = try array.enumerated().map { try ChatMessage($1, at: "messages[\($0)]") }
    guard let last = messages.last(where: { $0.role == .user }) else {
      throw HTTPError.invalidRequest("messages has no message of role user", param: "messages")
    }
    guard last.content.contains(where: { $0.text?.allSatisfy(\.isWhitespace) != true }) else {
      throw HTTPError.invalidRequest("the last user message is empty", param: "messages")
    }
    return messages
  }

  private static func checkImages(_ messages: [ChatMessage]) throws {
    let count = messages.flatMap(\.content).count { $0.text == nil }
    guard count <= ImageLimits.maximumCount else {
      throw HTTPError.invalidRequest(
        "at most \(ImageLimits.maximumCount) images are taken, not \(count)", param: "messages",
        code: "too_many_images")
    }
  }

  /// How many stop sequences there may be, and how long one.
  static let maximumStops = 4
  static let maximumStopLength = 256

  private static func stop(_ value: JSONValue?) throws -> [String] {
    guard let value, !value.isNull else { return [] }
    let sequences = value.string.map { [$0] } ?? value.array?.compactMap(\.string)
    guard let sequences, sequences.count == (value.array?.count ?? 1), sequences.count <= maximumStops,
      sequences.allSatisfy({ $0.utf8.count <= maximumStopLength })
    else {
      throw HTTPError.invalidRequest(
        "stop must be a string or up to \(maximumStops) strings of at most \(maximumStopLength) bytes", param: "stop")
    }
    return sequences.filter { !$0.isEmpty }
  }

  /// - Parameter newID: names a call that the CLI has no name for.
  func form(newID: () -> String) -> AnswerForm {
    if case .required(let functions) = tools.choice { return .call(functions, id: "call_\(newID())") }
    return format
  }

  private static func refuseUnsupported(_ body: JSONObject) throws {
    func refuse(_ param: String, _ message: String) throws -> Never {
      throw HTTPError.invalidRequest(message, param: param, code: "unsupported_parameter")
    }
    if let n = body["n"], !n.isNull, n.int != 1 { try refuse("n", "n must be 1") }
    if body["logprobs"]?.bool == true { try refuse("logprobs", "logprobs are not available") }
    if let modalities = body["modalities"]?.array, modalities.contains(where: { $0.string != "text" }) {
      try refuse("modalities", "The only modality is text")
    }
    if let audio = body["audio"], !audio.isNull { try refuse("audio", "Audio is not available") }
  }

  private static func effort(_ value: JSONValue?) throws -> TurnOptions.Effort? {
    switch value ?? .null {
    case .null, "none", "minimal": return nil
    case .string(let name):
      if let effort = TurnOptions.Effort(rawValue: name) { return effort }
      fallthrough
    default:
      throw HTTPError.invalidRequest(
        "reasoning_effort must be one of none, minimal, low, medium, high, xhigh, max", param: "reasoning_effort")
    }
  }

  private static func optional<Value>(
    _ body: JSONObject, _ name: String, _ kind: String, _ read: (JSONValue) -> Value?
  ) throws -> Value? {
    guard let value = body[name], !value.isNull else { return nil }
    guard let read = read(value) else { throw HTTPError.invalidRequest("\(name) must be \(kind)", param: name) }
    return read
  }
}
