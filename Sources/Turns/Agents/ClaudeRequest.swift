package import Bytes
package import ClaudeCode

/// The body of `POST /api/claude`.
package struct ClaudeRequest: Sendable, Equatable {
  package let prompt: String
  package let options: TurnOptions

  /// - Throws: `RequestError` 400.
  package init(_ body: JSONObject) throws {
    guard let prompt = body["prompt"] else { throw RequestError.invalid("prompt is missing", param: "prompt") }
    guard let text = prompt.string, !text.isBlank else {
      throw RequestError.invalid("prompt must be a non-empty string", param: "prompt")
    }
    self.prompt = text
    options = try TurnOptions(fields: body)
  }

  /// Its entry in an agent's journal. Takes time with the prompt.
  package var journaled: EncodedJSON { EncodedJSON(["prompt": .string(prompt)]) }
}
