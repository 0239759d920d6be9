package import Bytes
package import ClaudeCode

/// The body of `POST /agent/start` and `POST /agent/stream`.
package struct AgentStart: Sendable, Equatable {
  package let request: ClaudeRequest
  /// Whether a streamed agent continues when its client leaves. An agent that is only started always does.
  package let isBackground: Bool

  /// - Throws: `RequestError` 400.
  package init(_ body: JSONObject) throws {
    request = try ClaudeRequest(body)
    isBackground = try body.optional("background", "true or false", \.bool) ?? false
  }
}

/// An input for a running agent.
package struct AgentInput: Sendable, Equatable {
  package let prompt: String
  package let options: TurnOptions
  /// Whether it interrupts the current turn.
  package let isUrgent: Bool
  /// Its entry in the agent's journal.
  package let journaled: EncodedJSON

  /// - Throws: `RequestError` 400.
  package init(_ body: JSONObject) throws {
    let request = try ClaudeRequest(body)
    prompt = request.prompt
    options = request.options
    journaled = request.journaled
    isUrgent = try body.optional("now", "true or false", \.bool) ?? false
    if options.sessionID != nil {
      throw RequestError.invalid("an agent has a session of its own", param: "session-id")
    }
  }

  /// Bytes it takes while it waits.
  package var size: Int { prompt.utf8.count + journaled.bytes.count }
}

/// A person's decision about an agent's permission request.
package struct AgentApproval: Sendable, Equatable {
  /// The decision in the words of the function's result.
  package let words: String

  /// `{"decision":"allow"}` or `{"decision":"deny","message":"…"}`; `approve` as a boolean is accepted as well.
  ///
  /// - Throws: `RequestError` 400: only a clear approval allows anything.
  package init(_ body: JSONObject) throws {
    let decision = body["approve"]?.bool.map { $0 ? "allow" : "deny" } ?? body["decision"]?.string
    switch decision {
    case "allow": words = "allow"
    case "deny": words = try body.optional("message", "a string", \.string).map { "deny: \($0)" } ?? "deny"
    default: throw RequestError.invalid("decision must be allow or deny", param: "decision")
    }
  }
}
