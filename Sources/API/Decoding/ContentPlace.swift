import Bytes
import ClaudeCode
import Turns

/// Where content stands in its conversation. It decides what becomes of a part that the model cannot have, such as
/// audio: only the newest messages are refused, because a conversation must not become unusable by its past.
enum ContentPlace {
  /// Since the last answer: the part is refused.
  case newest
  /// Before the last answer, and not the assistant's: a note takes the part's place.
  case past
  /// In an answer: the part is left out.
  case answer

  /// What takes the place of a part that the model cannot have.
  ///
  /// - Parameter kind: the part's kind, for the note.
  /// - Throws: `refusal`, where the content is new.
  func unusable(_ kind: String, _ refusal: @autoclosure () -> RequestError) throws -> [ContentBlock] {
    switch self {
    case .newest: throw refusal()
    case .past: [.text("[\(kind) was left out]")]
    case .answer: []
    }
  }

  /// The places of messages.
  ///
  /// - Parameter isAnswer: whether a message is the assistant's.
  static func places(of messages: [JSONValue], _ isAnswer: (JSONValue) -> Bool) -> [ContentPlace] {
    let last = messages.lastIndex(where: isAnswer) ?? -1
    return messages.enumerated().map { $0 > last ? .newest : isAnswer($1) ? .answer : .past }
  }
}
