import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// The body of `POST /v1/messages`. Unknown fields are ignored; fields that cannot be ignored honestly are refused.
struct MessagesRequest: ConversationBody, Equatable {
  /// As the client spells it.
  let model: String
  let isStreamed: Bool
  /// Whether the answer includes thinking. By default Anthropic does not send it either: programs take the first block
  /// for the answer.
  let includesThinking: Bool
  let conversation: ConversationRequest

  /// - Throws: `RequestError` 400.
  init(_ body: JSONObject) throws {
    try Self.refuseThreads(body)
    try Self.refuseServers(body["mcp_servers"] ?? .null)
    model = try body.optional("model", "a string", \.string) ?? ModelCatalog.defaultModel
    isStreamed = try body.optional("stream", "true or false", \.bool) ?? false
    includesThinking = try Self.includesThinking(body["thinking"] ?? .null)
    _ = try body.optional("max_tokens", "a positive integer") { $0.int.flatMap { $0 > 0 ? $0 : nil } }
    conversation = try ConversationRequest(
      messages: Self.messages(body), tools: ChatTools(messages: body), format: Self.format(body),
      stop: Self.stop(body["stop_sequences"] ?? .null), options: Self.options(body, model), at: "messages")
  }

  // The code makes Anthropic's library send the whole conversation instead.
  private static func refuseThreads(_ body: JSONObject) throws {
    guard let thread = body["thread"], !thread.isNull else { return }
    throw RequestError.invalid(
      "thread: conversations are not stored by message id; send all messages", param: "thread",
      code: "thread_unsupported_request")
  }

  private static func refuseServers(_ value: JSONValue) throws {
    guard !value.isNull, value.array?.isEmpty != true else { return }
    throw RequestError.invalid(
      "mcp_servers: a request cannot bring servers of its own; the operator configures them, and mcp-allowed-tools "
        + "names the tools to use", param: "mcp_servers", code: "unsupported_parameter")
  }

  // MARK: Messages

  private static func messages(_ body: JSONObject) throws -> [ChatMessage] {
    guard let array = body["messages"]?.array else {
      throw RequestError.invalid("messages must be an array", param: "messages")
    }
    try ConversationRequest.checkCount(array.count, "messages")
    let places = ContentPlace.places(of: array) { $0["role"]?.string == "assistant" }
    let spoken = try array.enumerated().flatMap { try ChatMessage.list($1, at: "messages[\($0)]", in: places[$0]) }
    guard spoken.last(where: { !$0.isBlankInstruction })?.role != .assistant else {
      throw RequestError.invalid(
        "messages must end with a message of role user: the answer cannot be prefilled",
        param: "messages")
    }
    return try system(body["system"] ?? .null) + spoken
  }

  private static func system(_ value: JSONValue) throws -> [ChatMessage] {
    let content = try MessagesContent(value, at: "system").instructions(at: "system")
    return content.isEmpty ? [] : [ChatMessage(role: .system, content: content)]
  }

  // MARK: Options

  /// From body fields and `metadata`.
  private static func options(_ body: JSONObject, _ model: String) throws -> TurnOptions {
    var options = try TurnOptions(body)
    options.model = model
    options.effort = try options.effort ?? effort(body["output_config"]?["effort"] ?? .null)
    return options
  }

  private static func effort(_ value: JSONValue) throws -> TurnOptions.Effort? {
    guard !value.isNull else { return nil }
    guard let effort = value.string.flatMap({ TurnOptions.Effort(rawValue: $0) }) else {
      let names = TurnOptions.Effort.allCases.map(\.rawValue).joined(separator: ", ")
      throw RequestError.invalid("output_config.effort must be one of \(names)", param: "output_config.effort")
    }
    return effort
  }

  private static func includesThinking(_ value: JSONValue) throws -> Bool {
    guard !value.isNull else { return false }
    guard let type = value["type"]?.string, thinkingTypes.contains(type) else {
      throw RequestError.invalid(
        "thinking.type must be one of \(thinkingTypes.joined(separator: ", "))", param: "thinking.type")
    }
    // Claude Code decides how much the model thinks; `output_config.effort` sets how hard.
    if let budget = value["budget_tokens"], !budget.isNull, (budget.int ?? 0) < 1 {
      throw RequestError.invalid(
        "thinking.budget_tokens must be a positive integer", param: "thinking.budget_tokens")
    }
    return type != "disabled" && value["display"]?.string != "omitted"
  }

  private static let thinkingTypes = ["enabled", "adaptive", "between_tools", "disabled"]

  // MARK: The answer

  private static func format(_ body: JSONObject) throws -> AnswerForm {
    let (value, path) =
      body["output_config"]?["format"].map { ($0, "output_config.format") }
      ?? (body["output_format"] ?? .null, "output_format")
    guard !value.isNull else { return .text }
    guard value["type"]?.string == "json_schema" else {
      throw RequestError.invalid("\(path).type must be json_schema", param: "\(path).type")
    }
    guard let schema = value["schema"], schema.object != nil else {
      throw RequestError.invalid("\(path).schema must be an object", param: "\(path).schema")
    }
    return try .structured(by: schema, at: "\(path).schema")
  }

  /// The number of stop sequences, and the length of one.
  static let maximumStops = 64
  static let maximumStopLength = 256

  private static func stop(_ value: JSONValue) throws -> [String] {
    guard !value.isNull else { return [] }
    let sequences = value.array?.compactMap(\.string)
    guard let sequences, sequences.count == value.array?.count, sequences.count <= maximumStops,
      sequences.allSatisfy({ $0.utf8.count <= maximumStopLength })
    else {
      throw RequestError.invalid(
        "stop_sequences must be up to \(maximumStops) strings of at most \(maximumStopLength) bytes",
        param: "stop_sequences")
    }
    return sequences.filter { !$0.isEmpty }
  }
}
