import Bytes
import ClaudeCode
import Turns

/// What a response's journal stores of its request: enough to encode its events again.
struct ResponsesRecord: Sendable {
  let request: ResponsesRequest
  /// Whether the answer begins with its turn.
  let isWholeTurn: Bool
  /// The functions of the run's client, and how many calls one message may have.
  let functions: Set<String>
  let maximumCalls: Int
  /// The functions whose arguments differ from the client's, by name.
  let mappings: [String: ValueMapping]

  init(
    _ request: ResponsesRequest, isWholeTurn: Bool, functions: Set<String>, maximumCalls: Int,
    mappings: [String: ValueMapping] = [:]
  ) {
    self.request = request
    self.isWholeTurn = isWholeTurn
    self.functions = functions
    self.maximumCalls = maximumCalls
    self.mappings = mappings
  }

  /// The beginning of the record: the body as a JSON string. As an object it could be nested too deeply to be read
  /// again. Takes time with the body.
  static func journaled(_ body: JSONObject) -> JournaledRequest {
    JournaledRequest { record in
      record.append("{\"body\":\"")
      JSONText.appendEscaped(JSONValue.object(body).encoded, to: &record)
      record.append(Ascii.quote)
    }
  }

  /// Writes the rest of the record.
  func finish(_ request: JournaledRequest) {
    var rest: JSONObject = [
      "is_whole_turn": .bool(isWholeTurn), "functions": .array(functions.sorted().map { .string($0) }),
      "maximum_calls": JSONValue(maximumCalls),
    ]
    if !mappings.isEmpty {
      rest["mappings"] = .array(mappings.sorted { $0.key < $1.key }.map { [.string($0.key), $0.value.json] })
    }
    request.append([Ascii.comma] + JSONValue.object(rest).encoded.dropFirst())
  }

  /// Reads what `journaled` and `finish` wrote.
  ///
  /// - Returns: the record, and the request's body; nil for another document.
  /// - Throws: `RequestError` for an invalid body.
  static func read(_ json: JSONValue) throws -> (record: ResponsesRecord, body: JSONObject)? {
    guard let text = json["body"]?.string, let body = try JSONValue(parsing: text).object else { return nil }
    let record = ResponsesRecord(
      try ResponsesRequest(body), isWholeTurn: json["is_whole_turn"]?.bool ?? true,
      functions: Set((json["functions"]?.array ?? []).compactMap(\.string)),
      maximumCalls: json["maximum_calls"]?.count ?? .max, mappings: mappings(json["mappings"]))
    return (record, body)
  }

  private static func mappings(_ json: JSONValue?) -> [String: ValueMapping] {
    (json?.array ?? []).reduce(into: [:]) { mappings, pair in
      guard let pair = pair.array, pair.count == 2, let name = pair[0].string else { return }
      mappings[name] = ValueMapping(pair[1])
    }
  }

  /// - Parameters:
  ///   - milliseconds: when the response was begun, since 1970.
  ///   - isImmediate: whether the client sees the stream begin before the run has emitted anything.
  ///   - known: the number of the last event that the client has; -1 for none.
  func encoder(
    _ id: String, createdAt milliseconds: Int, isImmediate: Bool = false, after known: Int = -1
  ) -> ResponsesEncoder {
    ResponsesEncoder(
      ResponsesIdentity(id: id, created: milliseconds / 1000, echo: request.echo),
      ResponsesEvents.Opening(isBackground: request.isBackground, isImmediate: isImmediate, known: known),
      AnswerPlan(
        form: request.form(of: id),
        calls: CallSelection(maximum: maximumCalls, functions: functions, mappings: mappings),
        clientTools: request.tools.extras.clientTools, isWholeTurn: isWholeTurn))
  }
}

extension ResponsesRequest {
  /// What the answer has to be. The id of a forced call is derived from the response's.
  func form(of id: String) -> AnswerForm {
    guard case .required(let functions) = tools.choice else { return format }
    return .call(functions, id: CallID.made(from: String(id.dropFirst(ResponsesIdentity.prefix.count))))
  }
}
