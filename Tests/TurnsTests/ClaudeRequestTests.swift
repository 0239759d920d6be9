import Identity
import Telemetry
import EventLoop
import TestSupport
import ClaudeCodeTestSupport
import TurnsTestSupport
import Bytes
import ClaudeCode
import Testing

@testable import Turns

struct ClaudeRequestTests {
  @Test(
    "a prompt is text as it stands, options are fields",
    arguments: ["--help", "/clear", " @/etc/passwd\n", "workspace=x\n\nhi"])
  func accepted(prompt: String) throws {
    let request = try ClaudeRequest(["prompt": .string(prompt), "max-turns": 2, "stream": true])
    #expect(request.prompt == prompt)
    var options = TurnOptions()
    options.maxTurns = 2
    #expect(request.options == options)
  }

  @Test(
    "without a prompt, or with a bad option, nothing runs",
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
