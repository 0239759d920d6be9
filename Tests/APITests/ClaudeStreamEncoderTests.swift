import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct ClaudeStreamEncoderTests {
  private static let id = "11111111-2222-4333-8444-555555555555"

  private static func encoder(partial: Bool) -> ClaudeStreamEncoder {
    ClaudeStreamEncoder(includesPartialMessages: partial, sessionID: id)
  }

  @Test(
    "the CLI's lines pass unchanged, partial messages only on request, control lines never", arguments: Recording.all,
    [true, false])
  func unchanged(recording: Recording, partial: Bool) {
    let turn =
      recording.lines.prefix { TurnResult($0.span) == nil }
      + recording.lines.filter { TurnResult($0.span) != nil }.prefix(1)
    // A failure before the first line is an HTTP status.
    guard turn.count > 1 else {
      #expect(EncoderHarness.text(of: Array(turn), Self.encoder(partial: partial)).isEmpty)
      return
    }
    let shown = turn.filter { line in
      let type = (try? JSONValue(parsing: line))?["type"]?.string ?? ""
      return !type.hasPrefix("control_") && (partial || type != "stream_event")
    }
    #expect(
      EncoderHarness.text(of: Array(turn), Self.encoder(partial: partial))
        == shown.map { "data: \(String(decoding: $0, as: UTF8.self))\n\n" }.joined())
  }

  @Test("the recorded stream matches the golden file")
  func golden() {
    #expect(
      EncoderHarness.text(of: Recording("samples/plain").lines, Self.encoder(partial: false))
        == Recording.golden("native-plain"))
  }

  @Test("unknown types pass, control and mirror lines do not")
  func types() throws {
    let lines = [
      #"{"a":1,"type":"brand_new"}"#, #"{"type":"control_request"}"#, #"{"type":"control_response"}"#,
      #"{"type":"control_cancel_request"}"#, #"{"type":"transcript_mirror"}"#, #"{"type":"rate_limit_event"}"#,
    ]
    var encoder = Self.encoder(partial: true)
    var output = ByteBuffer()
    for line in lines {
      let bytes = Array(line.utf8)
      let message = StreamMessage(scanning: bytes.span)
      if let message { try encoder.encode(message, bytes.span, to: &output) }
    }
    #expect(
      String(decoding: output.bytes, as: UTF8.self)
        == #"data: {"a":1,"type":"brand_new"}"# + "\n\n" + #"data: {"type":"rate_limit_event"}"# + "\n\n")
  }

  @Test("a failed result that comes first is an error; after other lines it is a line")
  func results() {
    let failed = CLILine.result("no", isError: true, more: #","api_error_status":529"#)
    var first = EncoderHarness(Self.encoder(partial: false))
    first.take(Array(failed.utf8).span)
    #expect(first.failure?.kind == .upstream(status: 529))
    #expect(first.text.isEmpty)
    let lines = [CLILine.initLine, failed].map { Array($0.utf8) }
    #expect(
      EncoderHarness.text(of: lines, Self.encoder(partial: false)) == "data: \(CLILine.initLine)\n\ndata: \(failed)\n\n"
    )
  }

  @Test(
    "a run without a result ends with an error line",
    arguments: [
      (.totalTimeout, "timeout"), (.inactivityTimeout, "timeout"), (.lost, "error"), (.cancelled, "error"),
      (.upstream(status: 401), "error"),
    ] as [(ClaudeError.Kind, String)])
  func failures(kind: ClaudeError.Kind, subtype: String) {
    var harness = EncoderHarness(Self.encoder(partial: false))
    harness.take(Array(CLILine.initLine.utf8).span)
    harness.fail(ClaudeError(kind, "what \"happened\"", reachedCLI: true))
    #expect(
      harness.text == "data: \(CLILine.initLine)\n\n"
        + #"data: {"type":"result","subtype":"\#(subtype)","is_error":true,"result":"what \"happened\"","#
        + #""session_id":"\#(Self.id)"}"# + "\n\n")
  }
}
