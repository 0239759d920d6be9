import Bytes
import ClaudeCode
import HTTPServer

/// The body of `POST /api/claude`.
struct ClaudeRequest: Sendable, Equatable {
  let prompt: String
  let options: TurnOptions

  /// - Throws: `RequestError` 400.
  init(_ body: JSONObject) throws {
    guard let prompt = body["prompt"] else { throw RequestError.invalid("prompt is missing", param: "prompt") }
    guard let text = prompt.string, !text.isBlank else {
      throw RequestError.invalid("prompt must be a string that is not empty", param: "prompt")
    }
    self.prompt = text
    options = try TurnOptions(fields: body)
  }

  /// What an agent's journal has of it. Takes time with the prompt.
  var journaled: EncodedJSON { EncodedJSON(["prompt": .string(prompt)]) }
}
