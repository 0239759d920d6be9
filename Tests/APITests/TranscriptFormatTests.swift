import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Suite(.bounded)
struct TranscriptFormatTests {
  private static let line =
    #"{"type":"user","uuid":"1","parentUuid":null,"timestamp":"t","message":{"role":"user","content":"é\ud83d"}}"#

  private func format(_ query: String) throws -> TranscriptFormat {
    try TranscriptFormat(try HTTPRequest.of("GET", "/\(query)").head)
  }

  private func text(_ query: String, _ transcript: String) throws -> String {
    String(decoding: try format(query).body(Array(transcript.utf8)), as: UTF8.self)
  }

  @Test(
    "json lists the messages", arguments: ["", "?format=messages"])
  func messages(query: String) throws {
    #expect(
      try text(query, Self.line + "\n{\"torn") == #"{"object":"list","data":[{"uuid":"1","role":"user","#
        + #""content":[{"type":"text","text":"é\#u{FFFD}"}],"timestamp":"t"}],"has_more":false}"# + "\n")
    #expect(try text(query, "") == #"{"object":"list","data":[],"has_more":false}"# + "\n")
  }

  @Test(
    "raw has the CLI's lines without a torn one",
    arguments: [("a\nb\n", "a\nb\n"), ("a\nb", "a\n"), ("a", ""), ("", ""), ("\n", "\n")])
  func raw(transcript: String, expected: String) throws {
    #expect(try text("?format=raw", transcript) == expected)
  }

  @Test("each format has its content type")
  func types() async throws {
    #expect(try await format("").response([]).head["content-type"] == "application/json")
    #expect(try await format("?format=raw").response([]).head["content-type"] == "application/x-ndjson")
  }

  @Test("other formats are rejected", arguments: ["?format=", "?format=text", "?format=RAW"])
  func others(query: String) throws {
    #expect(try refusal { _ = try format(query) } == "400 format -")
  }
}
