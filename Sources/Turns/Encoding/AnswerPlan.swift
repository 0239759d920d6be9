package import ClaudeCode

/// What an encoder has to know of the turn whose answer it writes. A value.
package struct AnswerPlan: Sendable {
  /// What the answer has to be.
  package var form: AnswerForm
  /// Sequences before the first of which the text ends; they apply to free text only.
  package var stop: [String]
  /// Which of the model's calls are the client's.
  package var calls: CallSelection
  /// The client's tools that are not plain functions, by the names of their functions.
  package var clientTools: [String: ClientTool]
  /// Whether the answer begins with its turn; one that continues after calls does not.
  package var isWholeTurn: Bool
  /// Text the answer begins with, before the model's own.
  package var head: String

  package init(
    form: AnswerForm = .text, stop: [String] = [], calls: CallSelection = CallSelection(),
    clientTools: [String: ClientTool] = [:], isWholeTurn: Bool = true, head: String = ""
  ) {
    self.form = form
    self.stop = stop
    self.calls = calls
    self.clientTools = clientTools
    self.isWholeTurn = isWholeTurn
    self.head = head
  }
}
