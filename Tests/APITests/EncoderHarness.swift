import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TurnsTestSupport

@testable import API
@testable import Turns

/// Does with an encoder what a run's stream does, without a run and a connection.
struct EncoderHarness<Encoder: RunEncoder> {
  private var encoder: Encoder
  private var output = ByteBuffer()
  private(set) var isOver = false
  /// What went wrong before there was anything to show for it: the HTTP answer.
  private(set) var failure: ClaudeError?

  init(_ encoder: Encoder) { self.encoder = encoder }

  var text: String { String(decoding: output.bytes, as: UTF8.self) }
  var hasContent: Bool { encoder.hasContent }

  /// The stream of a whole turn.
  static func text(of lines: [[UInt8]], _ encoder: Encoder) -> String {
    var harness = EncoderHarness(encoder)
    for line in lines { harness.take(line.span) }
    return harness.text
  }

  mutating func take(_ line: Span<UInt8>) {
    guard !isOver, let message = StreamMessage(scanning: line), !EncoderHarness.isHidden(message.kind) else { return }
    do throws(ClaudeError) {
      try encoder.encode(message, line, to: &output)
      guard let result = TurnResult(line) else { return }
      isOver = true
      try encoder.close(result, to: &output)
    } catch {
      fail(error)
    }
  }

  /// The run waits for its client.
  mutating func park() {
    guard !isOver else { return }
    isOver = true
    encoder.closeParked(to: &output)
  }

  mutating func fail(_ error: ClaudeError) {
    isOver = true
    if encoder.hasContent { encoder.close(error, to: &output) } else { failure = error }
  }

  // A run keeps these to itself.
  private static func isHidden(_ kind: StreamMessage.Kind) -> Bool {
    switch kind {
    case .controlRequest, .controlResponse, .controlCancelRequest, .transcriptMirror: true
    case .system, .streamEvent, .assistant, .user, .result, .other: false
    }
  }
}
