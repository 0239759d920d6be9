import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode
@testable import Turns

struct AgentStreamEncoderTests {
  private let lines = [CLILine.initLine] + CLILine.message("m", "a", "b") + [CLILine.result("ab")]

  private func text(
    _ lines: [String], partial: Bool = true, numbers: Bool = true, after number: Int = 0
  ) -> String {
    EncoderHarness.text(
      of: lines.map { Array($0.utf8) },
      AgentStreamEncoder(includesPartialMessages: partial, sessionID: "s", hasNumbers: numbers, after: number))
  }

  @Test("lines pass unchanged, and `complete` follows")
  func plain() {
    #expect(
      text(lines, partial: false, numbers: false)
        == """
        data: \(CLILine.initLine)

        data: \(CLILine.assistant("m", CLILine.textBlock("ab")))

        data: \(CLILine.result("ab"))

        event: complete
        data: {}


        """)
  }

  @Test("all entries are numbered, omitted ones too")
  func numbered() {
    let told = text(lines, partial: false).split(separator: "\n").filter { $0.hasPrefix("id: ") }
    #expect(told == ["id: 1", "id: 6", "id: 10"])
    #expect(lines.count == 10)
  }

  @Test("a stream resumed after any entry has the same bytes")
  func resumed() {
    let whole = text(lines)
    let frames = whole.split(separator: "\n\n").map { $0 + "\n\n" }
    for number in lines.indices {
      #expect(frames[..<number].joined() + text(Array(lines[number...]), after: number) == whole)
    }
  }

  @Test("requests and inputs are named events with numbers; a failure is a result")
  func others() throws {
    var encoder = AgentStreamEncoder(includesPartialMessages: false, sessionID: "s", hasNumbers: true)
    var output = ByteBuffer()
    let question = try #require(PermissionQuestion(["tool_name": "Bash", "input": ["command": "ls"]], requestID: "7"))
    encoder.encode(question, to: &output)
    encoder.encode(input: Array(#"{"prompt":"more"}"#.utf8).span, to: &output)
    encoder.close(ClaudeError(.inactivityTimeout, "silence", reachedCLI: true), to: &output)
    #expect(
      String(decoding: output.bytes, as: UTF8.self)
        == """
        event: approval
        id: 1
        data: {"request_id":"approve_7","tool_name":"Bash","input":{"command":"ls"}}

        event: input
        id: 2
        data: {"prompt":"more"}

        data: {"type":"result","subtype":"timeout","is_error":true,"result":"silence","session_id":"s"}

        event: complete
        data: {}


        """)
  }

  @Test("inputs and approvals of an agent are decoded")
  func requests() throws {
    let input = try AgentInput(object(#"{"prompt":"more","now":true,"model":"opus"}"#))
    #expect(input.prompt == "more" && input.isUrgent && input.options.model == "opus")
    #expect(try refusal { _ = try AgentInput(object(#"{"now":true}"#)) } == "400 prompt -")
    #expect(
      try refusal {
        _ = try AgentInput(object(#"{"prompt":"x","session-id":"aaaaaaaa-2222-4333-8444-555555555555"}"#))
      } == "400 session-id -")
    for (body, words) in [
      (#"{"decision":"allow"}"#, "allow"), (#"{"approve":true}"#, "allow"), (#"{"approve":false}"#, "deny"),
      (#"{"decision":"deny","message":"no"}"#, "deny: no"),
    ] {
      #expect(try AgentApproval(object(body)).words == words)
    }
    #expect(try refusal { _ = try AgentApproval(object(#"{"decision":"maybe"}"#)) } == "400 decision -")
  }
}
