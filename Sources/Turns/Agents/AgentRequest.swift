package import Bytes
package import ClaudeCode

/// What is said to an agent that is there already.
package struct AgentInput: Sendable, Equatable {
  package let prompt: String
  package let options: TurnOptions
  /// Whether the turn under way is interrupted for it.
  package let isUrgent: Bool
  /// What the agent's journal has of it.
  package let journaled: EncodedJSON

  /// - Throws: `RequestError` 400.
  package init(_ body: JSONObject) throws {
    let request = try ClaudeRequest(body)
    prompt = request.prompt
    options = request.options
    journaled = request.journaled
    isUrgent = try body.optional("now", "true or false", \.bool) ?? false
    if options.sessionID != nil {
      throw RequestError.invalid("an agent's session is its own", param: "session-id")
    }
  }

  /// Bytes it takes while it waits.
  package var size: Int { prompt.utf8.count + journaled.bytes.count }
}

/// What a person says to a question of an agent.
package struct AgentApproval: Sendable, Equatable {
  /// In the words that the question is answered with.
  package let words: String

  /// `{"decision":"allow"}` or `{"decision":"deny","message":"…"}`; `approve` as a boolean does as well.
  ///
  /// - Throws: `RequestError` 400: nothing is done that was not clearly allowed.
  package init(_ body: JSONObject) throws {
    let decision = body["approve"]?.bool.map { $0 ? "allow" : "deny" } ?? body["decision"]?.string
    switch decision {
    case "allow": words = "allow"
    case "deny": words = try body.optional("message", "a string", \.string).map { "deny: \($0)" } ?? "deny"
    default: throw RequestError.invalid("decision must be allow or deny", param: "decision")
    }
  }
}
