package import ClaudeCode
package import Turns

/// A dialect under test: its writer, and a reader of its streams that shares no code with it.
package struct Dialect: Sendable, CustomStringConvertible {
  /// What a client makes of one stream.
  package struct Answer: Equatable {
    package enum Ending: Equatable {
      /// The model has said all it had to say.
      case complete
      /// The client has to answer calls.
      case calls
      /// A limit cut the answer.
      case length
      case failed
      /// The stream just stops.
      case none
    }

    package var text = ""
    package var thinking = ""
    package var calls: [ChatToolCall] = []
    package var ending = Ending.none

    package init() {}
  }

  /// What became of a sequence of lines.
  package struct Outcome {
    /// All streams, one after the other.
    package let text: String
    /// The streams of the answers that ended well, and the messages that the server remembers of them.
    package let answers: [(stream: String, message: ChatMessage)]
    package let parked: [[String]]
    /// Nil unless nothing was sent.
    package let failure: ClaudeError?
  }

  package enum Input {
    case line([UInt8])
    case question(PermissionQuestion)
    case failure(ClaudeError)
  }

  package let description: String
  package let play: @Sendable (AnswerPlan, [Input]) -> Outcome
  /// Reads one stream. Throws what breaks the dialect's own rules.
  package let read: @Sendable (String) throws -> Answer

  package init<Writer: AnswerWriter>(
    _ name: String, read: @escaping @Sendable (String) throws -> Answer,
    make: @escaping @Sendable (AnswerPlan) -> Writer
  ) {
    description = name
    self.read = read
    play = { plan, inputs in
      var harness = AnswerHarness(plan, make: make)
      for input in inputs {
        switch input {
        case .line(let line): harness.take(line.span)
        case .question(let question): harness.ask(question)
        case .failure(let error): harness.fail(error)
        }
      }
      return Outcome(
        text: harness.text, answers: harness.answers.map { ($0.text, $0.writer.message) }, parked: harness.parked,
        failure: harness.failure)
    }
  }
}

/// A stream that breaks a rule of its dialect.
package struct BrokenRule: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
