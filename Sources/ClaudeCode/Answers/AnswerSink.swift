public import Bytes

/// Receives an answer piece by piece. Text comes as the inside of a JSON string: escaped, complete escapes only, valid
/// UTF-8, no raw line ends, so that it can be copied into any JSON string unchanged.
public protocol AnswerSink {
  mutating func answerText(_ escaped: Span<UInt8>)
  mutating func answerThinking(_ escaped: Span<UInt8>)
  /// The model calls a function of the client; its arguments follow.
  mutating func functionCall(id: String, name: String)
  /// A piece of the arguments of the last call: JSON text as the inside of a JSON string.
  mutating func functionArguments(_ escaped: Span<UInt8>)
  /// The CLI uses one of its own tools.
  mutating func toolUse(name: String, input: JSONValue)
  /// A tool failed; `reason` is the first line of its output.
  mutating func toolFailure(_ reason: String)
}
