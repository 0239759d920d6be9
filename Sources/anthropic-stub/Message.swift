/// An answer with its names: all that its bytes depend on.
struct Message {
  let id: String
  let model: String
  let answer: Answer
  /// The sequence that a stop_reason `stop_sequence` names.
  let stopSequence: String?
}
