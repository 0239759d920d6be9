import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TestSupport
import Turns
import TurnsTestSupport

@testable import API

typealias ChatCompletionHarness = AnswerHarness<ChatCompletionChunks>
typealias MessagesHarness = AnswerHarness<MessagesEvents>

extension ChatCompletionHarness {
  init(
    _ plan: AnswerPlan = AnswerPlan(), as identity: ChatCompletionIdentity = .example, includesUsage: Bool = false
  ) {
    self.init(plan) { ChatCompletionChunks(identity, includesUsage: includesUsage, keepsThinking: true, $0) }
  }

  /// The whole completions, one after the other.
  var documents: String { answers.map { String(decoding: $0.writer.document, as: UTF8.self) }.joined() }
}

extension MessagesHarness {
  init(
    _ plan: AnswerPlan = AnswerPlan(), as identity: MessagesIdentity = .example, includesThinking: Bool = true
  ) {
    self.init(plan) { MessagesEvents(identity, includesThinking: includesThinking, $0) }
  }

  /// The whole messages, one after the other.
  var documents: String { answers.map { String(decoding: $0.writer.document, as: UTF8.self) }.joined() }
}

extension AnswerHarness {
  /// Takes a recording of CLI 2.1.329.
  func taking(_ name: String) -> AnswerHarness {
    var harness = self
    harness.take(Recording("cli-2.1.329/\(name)").lines)
    return harness
  }
}
