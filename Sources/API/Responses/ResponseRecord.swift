import Bytes
import ClaudeCode

/// What is kept of a response's request: enough to write its events again.
struct ResponseRecord: Sendable {
  let wanted: ResponseRequest
  /// Whether the answer begins with its turn.
  let isWholeTurn: Bool
  /// The functions that the run's client has, and how many calls one message may make.
  let functions: Set<String>
  let maximumCalls: Int

  init(_ wanted: ResponseRequest, isWholeTurn: Bool, _ turn: Turn) {
    self.wanted = wanted
    self.isWholeTurn = isWholeTurn
    functions = turn.functionNames
    maximumCalls = turn.maximumCalls
  }

  var json: JSONValue {
    [
      // As text: in an object it could be nested too deeply to be read again.
      "body": .string(JSONValue.object(wanted.body).text), "is_whole_turn": .bool(isWholeTurn),
      "functions": .array(functions.sorted().map { .string($0) }), "maximum_calls": JSONValue(maximumCalls),
    ]
  }

  /// - Throws: `HTTPError` for a body that is none.
  init?(_ json: JSONValue) throws {
    guard let text = json["body"]?.string, let body = try JSONValue(parsing: text).object else { return nil }
    wanted = try ResponseRequest(body)
    isWholeTurn = json["is_whole_turn"]?.bool ?? true
    functions = Set((json["functions"]?.array ?? []).compactMap(\.string))
    maximumCalls = json["maximum_calls"]?.count ?? .max
  }

  /// - Parameters:
  ///   - milliseconds: when the response was begun, since 1970.
  ///   - known: the number of the last event that the client has had already.
  func encoder(
    _ id: String, createdAt milliseconds: Int, beginsAtOnce: Bool = false, after known: Int = -1
  ) -> ResponseEncoder {
    ResponseEncoder(
      ResponseIdentity(id: id, created: milliseconds / 1000, echo: wanted.echo), form: wanted.form(of: id),
      maximumCalls: maximumCalls, functions: functions, isWholeTurn: isWholeTurn, isBackground: wanted.isBackground,
      beginsAtOnce: beginsAtOnce, after: known)
  }
}

extension ResponseRequest {
  /// What the answer has to be. A call that the CLI has no name for is named after the response.
  func form(of id: String) -> AnswerForm {
    guard case .required(let functions) = tools.choice else { return format }
    return .call(functions, id: "call_\(id.dropFirst(ResponseIdentity.prefix.count))")
  }
}
