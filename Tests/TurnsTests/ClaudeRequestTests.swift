import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

struct ClaudeRequestTests {
  @Test(
    "a prompt is text, and options are fields",
    arguments: ["--help", "/clear", " @/etc/passwd\n", "workspace=x\n\nhi"])
  func accepted(prompt: String) throws {
    let request = try ClaudeRequest(["prompt": .string(prompt), "max-turns": 2, "stream": true])
    #expect(request.prompt == prompt)
    var options = TurnOptions()
    options.maxTurns = 2
    #expect(request.options == options)
  }

  @Test(
    "a missing prompt or a bad option is rejected",
    arguments: [
      ("{}", "400 prompt -"), (#"{"prompt":null}"#, "400 prompt -"), (#"{"prompt":7}"#, "400 prompt -"),
      (#"{"prompt":""}"#, "400 prompt -"), (#"{"prompt":" \n\t"}"#, "400 prompt -"),
      (#"{"prompt":["a"]}"#, "400 prompt -"), (#"{"prompt":"x","model":7}"#, "400 model -"),
      (#"{"prompt":"x","session-id":"../y"}"#, "400 session-id -"),
    ])
  func refused(body: String, expected: String) throws {
    #expect(try refusal { _ = try ClaudeRequest(object(body)) } == expected)
  }
}
