import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct ChatCompletionRequestTests {
  private static let messages = #""messages":[{"role":"user","content":"hi"}]"#

  @Test("a minimal request")
  func least() throws {
    let request = try ChatCompletionRequest(object("{\(Self.messages)}"))
    #expect(request.model == "claude-code")
    #expect(!request.isStreamed)
    #expect(!request.includesUsage)
    #expect(request.conversation.messages == [ChatMessage(role: .user, text: "hi")])
    var options = TurnOptions()
    options.model = "claude-code"
    #expect(request.conversation.options == options)
  }

  @Test(
    "fields are used, or ignored as OpenAI ignores them",
    arguments: [
      #""temperature":0.2,"top_p":1,"seed":7,"service_tier":"auto","verbosity":"low""#,
      #""presence_penalty":0,"frequency_penalty":0,"logit_bias":{},"n":1,"stop":null"#,
      #""max_tokens":10,"max_completion_tokens":10,"user":"u","store":true,"parallel_tool_calls":true"#,
      #""tools":[],"functions":[],"tool_choice":"auto","response_format":{"type":"text"},"modalities":["text"]"#,
      #""tools":null,"functions":null,"response_format":null,"modalities":null,"audio":null,"n":null,"metadata":null"#,
      #""stream":null,"stream_options":null,"model":null,"logprobs":false,"top_logprobs":0,"reasoning_effort":null"#,
      #""no_such_field":{"a":[1]}"#,
    ])
  func ignored(fields: String) throws {
    let request = try ChatCompletionRequest(object("{\(Self.messages),\(fields)}"))
    #expect(try request == ChatCompletionRequest(object("{\(Self.messages)}")))
  }

  @Test("given options are set")
  func everything() throws {
    let request = try ChatCompletionRequest(
      object(
        #"{\#(Self.messages),"model":"sonnet","stream":true,"stream_options":{"include_usage":true},"#
          + #""reasoning_effort":"high","workspace":"a","max_turns":3,"metadata":{"workspace":"b","allowed-tools":"Bash"}}"#
      ))
    #expect(request.model == "sonnet")
    #expect(request.isStreamed)
    #expect(request.includesUsage)
    var options = TurnOptions()
    options.model = "sonnet"
    options.effort = .high
    options.workspace = "a"
    options.maxTurns = 3
    options.allowedTools = ["Bash"]
    #expect(request.conversation.options == options)
  }

  @Test(
    "reasoning_effort maps to an effort",
    arguments: [
      (#""none""#, nil), (#""minimal""#, nil), (#""low""#, .low), (#""medium""#, .medium), (#""high""#, .high),
      (#""xhigh""#, .xhigh), (#""max""#, .max), ("null", nil),
    ] as [(String, TurnOptions.Effort?)])
  func efforts(value: String, effort: TurnOptions.Effort?) throws {
    #expect(
      try ChatCompletionRequest(object(#"{\#(Self.messages),"reasoning_effort":\#(value)}"#))
        .conversation.options.effort == effort)
  }

  @Test(
    "unsupported and invalid fields are rejected",
    arguments: [
      ("{}", "400 messages -"), (#"{"messages":null}"#, "400 messages -"), (#"{"messages":{}}"#, "400 messages -"),
      (#"{"messages":[]}"#, "400 messages -"), (#"{"messages":["hi"]}"#, "400 messages[0] -"),
      (#"{"messages":[{"role":"system","content":" "}]}"#, "400 messages -"),
      (#"{"messages":[{"role":"system","content":"x"},{"role":"assistant","content":"y"}]}"#, "400 messages -"),
      (#"{"messages":[{"role":"assistant","content":"x"}]}"#, "400 messages -"),
      (#"{"messages":[{"role":"user","content":" \n"}]}"#, "400 messages -"),
      (#"{"messages":[{"role":"user","content":null}]}"#, "400 messages -"),
      (#"{"messages":[{"role":"user","content":"x"},{"role":"x"}]}"#, "400 messages[1].role -"),
      (#"{\#(messages),"model":7}"#, "400 model -"), (#"{\#(messages),"stream":"true"}"#, "400 stream -"),
      (#"{\#(messages),"stream":1}"#, "400 stream -"), (#"{\#(messages),"n":2}"#, "400 n unsupported_parameter"),
      (#"{\#(messages),"n":0}"#, "400 n unsupported_parameter"),
      (#"{\#(messages),"logprobs":true}"#, "400 logprobs unsupported_parameter"),
      (#"{\#(messages),"tools":[{"type":"function"}]}"#, "400 tools[0].name -"),
      (#"{\#(messages),"tools":[{"type":"file_search"}]}"#, "400 tools[0].type unsupported_parameter"),
      (#"{\#(messages),"functions":[{}]}"#, "400 functions[0].name -"),
      (#"{\#(messages),"response_format":{"type":"json_schema"}}"#, "400 response_format.json_schema.schema -"),
      (#"{\#(messages),"response_format":{"type":"xml"}}"#, "400 response_format.type -"),
      (#"{\#(messages),"modalities":["text","audio"]}"#, "400 modalities unsupported_parameter"),
      (#"{\#(messages),"audio":{"voice":"x"}}"#, "400 audio unsupported_parameter"),
      (#"{\#(messages),"reasoning_effort":"ultra"}"#, "400 reasoning_effort -"),
      (#"{\#(messages),"reasoning_effort":3}"#, "400 reasoning_effort -"),
      (#"{\#(messages),"stop":7}"#, "400 stop -"), (#"{\#(messages),"stop":["a",7]}"#, "400 stop -"),
      (#"{\#(messages),"stop":["a","b","c","d","e"]}"#, "400 stop -"),
      (#"{\#(messages),"metadata":"x"}"#, "400 metadata -"), (#"{\#(messages),"metadata":[]}"#, "400 metadata -"),
      (#"{\#(messages),"metadata":{"max-turns":"x"}}"#, "400 max-turns -"),
      (#"{\#(messages),"workspace":"../x"}"#, "400 workspace -"),
      (#"{\#(messages),"session_id":"x"}"#, "400 session-id -"),
    ])
  func refused(body: String, expected: String) throws {
    #expect(try refusal { _ = try ChatCompletionRequest(object(body)) } == expected)
  }
}
