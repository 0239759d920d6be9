public import Bytes

/// Takes an answer piece by piece. Text comes as the inside of a JSON string: escaped, whole escapes only, valid UTF-8,
/// never a raw line end, so that it can be copied into any JSON string as it is.
public protocol AnswerSink {
  mutating func answerText(_ escaped: Span<UInt8>)
  mutating func answerThinking(_ escaped: Span<UInt8>)
  /// The model calls a function of the client; its arguments follow.
  mutating func functionCall(id: String, name: String)
  /// A piece of the arguments of the last call: JSON text as the inside of a JSON string.
  mutating func functionArguments(_ escaped: Span<UInt8>)
  /// The CLI uses one of its own tools.
  mutating func toolUse(name: String, input: JSONValue)
  /// One of them failed, with the first line of what it said.
  mutating func toolFailure(_ reason: String)
}
