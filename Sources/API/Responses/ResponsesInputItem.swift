import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// One item of a response's input, or of an earlier response's output that comes back.
struct ResponsesInputItem: Sendable, Equatable {
  /// Its message in the conversation; nil for an item without one.
  let message: ChatMessage?
  /// The id of the item that it refers to.
  let reference: String?

  /// The items of `input`: a string is a message of the user.
  ///
  /// - Throws: `RequestError` 400.
  static func list(_ input: JSONValue?) throws -> [ResponsesInputItem] {
    switch input {
    case .string(let text):
      return [try ResponsesInputItem(["type": "message", "role": "user", "content": .string(text)], at: "input")]
    case .array(let items):
      try ConversationRequest.checkCount(items.count, "input")
      let places = ContentPlace.places(of: items) { $0["role"]?.string == "assistant" || isWork($0) }
      return try items.enumerated().map { try ResponsesInputItem($1, at: "input[\($0)]", in: places[$0]) }
    default: throw RequestError.invalid("input must be a string or an array of items", param: "input")
    }
  }

  /// Whether the item is a call, which is the assistant's.
  private static func isWork(_ item: JSONValue) -> Bool { item["type"]?.string?.hasSuffix("_call") == true }

  /// - Parameters:
  ///   - path: the item's place in the body, for `param`.
  ///   - place: where it stands in the conversation; nil for the newest items.
  /// - Throws: `RequestError` 400.
  init(_ json: JSONValue, at path: String, in place: ContentPlace? = nil) throws {
    guard let object = json.object else { throw RequestError.invalid("\(path) must be an object", param: path) }
    reference = try object["type"] == "item_reference" ? ResponsesInputItem.text(object, "id", at: path) : nil
    message = try reference == nil ? ResponsesInputItem.message(object, json, at: path, in: place) : nil
  }

  private static func message(
    _ object: JSONObject, _ json: JSONValue, at path: String, in place: ContentPlace?
  ) throws -> ChatMessage? {
    switch object["type"] ?? .null {
    case "message", .null: return try ChatMessage(json, at: path, in: place)
    case "additional_tools": return nil
    case "function_call":
      let call = ChatToolCall(
        id: CallID.received(try text(object, "call_id", at: path)), name: try functionName(object, at: path),
        arguments: ChatToolCall.arguments(object["arguments"]))
      return ChatMessage(role: .assistant, text: "", calls: [call])
    case "function_call_output":
      let content = try ChatContent.blocks(of: object["output"] ?? .null, at: "\(path).output", in: place ?? .newest)
      return ChatMessage(results: content, of: CallID.received(try text(object, "call_id", at: path)))
    case "mcp_approval_request": return ChatMessage(role: .assistant, text: "", calls: [try approval(object, at: path)])
    case "mcp_approval_response":
      return ChatMessage(
        results: [.text(decision(object))], of: CallID.received(try text(object, "approval_request_id", at: path)))
    case .string(let type) where otherCalls.contains(type):
      return ChatMessage(role: .assistant, text: "", calls: [try otherCall(object, type, at: path)])
    case .string(let type) where otherOutputs.contains(type):
      let content = try otherOutput(object, at: path, in: place ?? .newest)
      return ChatMessage(results: content, of: try callID(object, at: path))
    case .string(let type) where hostedTypes.contains(type): return hosted(object, type)
    case let type:
      throw RequestError.invalid(
        "\(path): items of type \(type.string ?? type.text) are not supported", param: path,
        code: "unsupported_item")
    }
  }

  /// The permission request as the conversation has it.
  private static func approval(_ object: JSONObject, at path: String) throws -> ChatToolCall {
    let input = (try? JSONValue(parsing: ChatToolCall.arguments(object["arguments"]))) ?? [:]
    let arguments: JSONValue = ["tool_name": .string(try text(object, "name", at: path)), "input": input]
    return ChatToolCall(
      id: CallID.received(try text(object, "id", at: path)), name: PermissionQuestion.function,
      arguments: arguments.text)
  }

  /// The decision in the words of the function's result.
  private static func decision(_ object: JSONObject) -> String {
    if object["approve"] == true { return "allow" }
    return object["reason"]?.string.map { "deny: \($0)" } ?? "deny"
  }

  static func text(_ object: JSONObject, _ name: String, at path: String) throws -> String {
    guard let text = object[name]?.string, !text.isEmpty else {
      throw RequestError.invalid("\(path).\(name) must be a string", param: "\(path).\(name)")
    }
    return text
  }

  /// The items of `input` as `input_items` lists them.
  ///
  /// - Parameter stem: the common part of the ids of items that came without one.
  static func listed(_ input: JSONValue?, stem: Substring) -> [JSONValue] {
    let items = input?.string.map { [["role": "user", "content": .string($0)] as JSONValue] } ?? input?.array ?? []
    return items.enumerated().map { listed($1, as: "in_\(stem)_\($0)") }
  }

  private static func listed(_ item: JSONValue, as id: String) -> JSONValue {
    guard var object = item.object else { return item }
    if object["type"] == nil { object["type"] = "message" }
    if object["id"] == nil { object["id"] = .string(id) }
    if object["type"] == "message", let text = object["content"]?.string {
      let type = object["role"] == "assistant" ? "output_text" : "input_text"
      object["content"] = [["type": .string(type), "text": .string(text)]]
    }
    if object["type"] == "message", object["status"] == nil { object["status"] = "completed" }
    return .object(object)
  }
}
