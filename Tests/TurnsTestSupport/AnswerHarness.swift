import Bytes
package import Turns

@testable package import ClaudeCode

/// Does with lines what a run and its stream do: the answer ends where the model waits for its client, and another one
/// begins with the results.
package struct AnswerHarness<Writer: AnswerWriter> {
  /// An answer that has ended.
  package struct Answer {
    package let text: String
    package let writer: Writer
  }

  private let plan: AnswerPlan
  private let make: (AnswerPlan) -> Writer
  private var encoder: AnswerEncoder<Writer>
  private var calls: PendingCalls
  private var output = ByteBuffer()
  private var isOver = false
  package private(set) var answers: [Answer] = []
  /// The calls that the run waited for, each time it was parked.
  package private(set) var parked: [[String]] = []
  /// What went wrong before there was any content: the HTTP response.
  package private(set) var failure: ClaudeError?

  package init(_ plan: AnswerPlan = AnswerPlan(), make: @escaping (AnswerPlan) -> Writer) {
    self.plan = plan
    self.make = make
    encoder = AnswerEncoder(make(plan), plan)
    calls = PendingCalls(plan.calls)
    encoder.open(to: &output)
  }

  /// All answers, one after the other, the current one included.
  package var text: String { answers.map(\.text).joined() + String(decoding: output.bytes, as: UTF8.self) }
  package var hasContent: Bool { encoder.hasContent }
  /// The current answer, as its client will send it back.
  package var message: ChatMessage { encoder.writer.message }

  package mutating func take(_ lines: [String]) {
    for line in lines { take(Array(line.utf8).span) }
  }

  package mutating func take(_ lines: [[UInt8]]) {
    for line in lines { take(line.span) }
  }

  package mutating func take(_ line: Span<UInt8>) {
    guard !isOver, let message = StreamMessage(scanning: line), !Self.isHidden(message.kind) else { return }
    do throws(ClaudeError) {
      try encoder.encode(message, line, to: &output)
      if encoder.isSatisfied {
        encoder.closeEarly(to: &output)
        return end()
      }
      if let result = TurnResult(line) {
        try encoder.close(result, to: &output)
        end()
      }
    } catch {
      fail(error)
    }
    if !isOver, calls.read(message, line) { park() }
  }

  /// The CLI asks for permission, and the run is parked.
  package mutating func ask(_ question: PermissionQuestion) {
    encoder.encode(question, to: &output)
    encoder.closeParked(to: &output)
    end()
  }

  package mutating func fail(_ error: ClaudeError) {
    isOver = true
    if encoder.hasContent { encoder.close(error, to: &output) } else { failure = error }
  }

  private mutating func park() {
    encoder.closeParked(to: &output)
    end()
    parked.append(calls.open)
    isOver = false
    var next = plan
    next.isWholeTurn = false
    encoder = AnswerEncoder(make(next), next)
    encoder.open(to: &output)
    calls.take(Dictionary(uniqueKeysWithValues: calls.open.map { ($0, FunctionResult([])) }))
  }

  private mutating func end() {
    isOver = true
    answers.append(Answer(text: String(decoding: output.bytes, as: UTF8.self), writer: encoder.writer))
    output.removeAll()
  }

  // A run keeps these to itself.
  private static func isHidden(_ kind: StreamMessage.Kind) -> Bool {
    switch kind {
    case .controlRequest, .controlResponse, .controlCancelRequest, .transcriptMirror: true
    case .system, .streamEvent, .assistant, .user, .result, .other: false
    }
  }
}
