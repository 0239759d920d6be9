import Bytes
import TestSupport

@testable import API
@testable import Turns
@testable import ClaudeCode

/// Does with recorded lines what a run and its streams do: where the model waits for its client the answer ends, and
/// another one begins with the results.
struct ParkingStage {
  private static let identity = ChatCompletionIdentity(id: "chatcmpl-1", created: 1_795_235_530, model: "claude-code")

  private let form: AnswerForm
  private let includesUsage: Bool
  private var desk = PendingCalls()
  private var stage: EncoderStage<ChatCompletionEncoder>
  private var ended = ""
  private(set) var parks = 0

  init(form: AnswerForm = .text, includesUsage: Bool = false) {
    self.form = form
    self.includesUsage = includesUsage
    stage = EncoderStage(Self.encoder(form, includesUsage, isWholeTurn: true))
  }

  /// All answers, one after the other.
  var text: String { ended + stage.text }
  var failure: ClaudeError? { stage.failure }

  mutating func take(_ line: Span<UInt8>) {
    stage.take(line)
    guard !stage.isOver, let message = StreamMessage(scanning: line), desk.read(message, line) else { return }
    stage.park()
    ended += stage.text
    parks += 1
    stage = EncoderStage(Self.encoder(form, includesUsage, isWholeTurn: false))
    desk.take(Dictionary(uniqueKeysWithValues: desk.open.map { ($0, FunctionResult([])) }))
  }

  private static func encoder(
    _ form: AnswerForm, _ includesUsage: Bool, isWholeTurn: Bool
  ) -> ChatCompletionEncoder {
    ChatCompletionEncoder(identity, includesUsage: includesUsage, form: form, isWholeTurn: isWholeTurn)
  }

  /// The same answers, each as one document.
  static func documents(of lines: [[UInt8]], form: AnswerForm = .text) throws -> String {
    var desk = PendingCalls()
    var (reader, answer) = (AnswerReader(), CollectedAnswer())
    var documents = ""
    var isWholeTurn = true
    for line in lines {
      guard let message = StreamMessage(scanning: line.span) else { continue }
      try reader.read(message, line.span, into: &answer)
      let result = TurnResult(line.span)
      if let result { try reader.finish(result, into: &answer) }
      guard desk.read(message, line.span) || result != nil else { continue }
      let run = CollectedRun(answer: answer, stopReason: reader.stopReason, usage: reader.usage, result: result)
      let response = try ChatCompletionResponse(identity, run, form: form, isWholeTurn: isWholeTurn)
      documents += String(decoding: response.encoded, as: UTF8.self)
      desk.take(Dictionary(uniqueKeysWithValues: desk.open.map { ($0, FunctionResult([])) }))
      (reader, answer, isWholeTurn) = (AnswerReader(), CollectedAnswer(), false)
    }
    return documents
  }
}
