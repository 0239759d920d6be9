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

struct CompletionRequestTests {
  private static let prompt = #""prompt":"hi""#

  @Test("a minimal request")
  func least() throws {
    let request = try CompletionRequest(object("{\(Self.prompt)}"))
    #expect(request.model == "claude-code")
    #expect(!request.isStreamed && !request.includesUsage)
    #expect(request.conversation.messages == [ChatMessage(role: .user, text: "hi")])
    #expect(request.conversation.tools.functions.isEmpty && request.conversation.stop.isEmpty)
    var options = TurnOptions()
    options.model = "claude-code"
    #expect(request.conversation.options == options)
  }

  @Test("given options are set")
  func everything() throws {
    let request = try CompletionRequest(
      object(
        #"{"prompt":["a\nb"],"model":"sonnet","stream":true,"stream_options":{"include_usage":true},"stop":["x"],"#
          + #""workspace":"a","metadata":{"effort":"low"}}"#))
    #expect(request.model == "sonnet")
    #expect(request.isStreamed && request.includesUsage)
    #expect(request.conversation.messages == [ChatMessage(role: .user, text: "a\nb")])
    #expect(request.conversation.stop == ["x"])
    var options = TurnOptions()
    options.model = "sonnet"
    options.workspace = "a"
    options.effort = .low
    #expect(request.conversation.options == options)
  }

  @Test(
    "fields are ignored where OpenAI's meaning is not lost",
    arguments: [
      #""max_tokens":10,"temperature":0.2,"top_p":1,"seed":7,"user":"u","logit_bias":{}"#,
      #""n":1,"best_of":1,"echo":false,"suffix":"","logprobs":false,"presence_penalty":0,"tools":[]"#,
      #""n":null,"best_of":null,"echo":null,"suffix":null,"logprobs":null,"stop":null,"stream":null,"model":null"#,
      #""stream_options":null,"metadata":null,"no_such_field":{"a":[1]}"#,
    ])
  func ignored(fields: String) throws {
    #expect(
      try CompletionRequest(object("{\(Self.prompt),\(fields)}")) == CompletionRequest(object("{\(Self.prompt)}")))
  }

  @Test(
    "other prompts are rejected",
    arguments: [
      ("{}", "prompt must be a non-empty string, or an array of one"),
      (#"{"prompt":null}"#, "prompt must be a non-empty string, or an array of one"),
      (#"{"prompt":""}"#, "prompt must be a non-empty string, or an array of one"),
      (#"{"prompt":" \n"}"#, "prompt must be a non-empty string, or an array of one"),
      (#"{"prompt":[""]}"#, "prompt must be a non-empty string, or an array of one"),
      (#"{"prompt":{"text":"x"}}"#, "prompt must be a non-empty string, or an array of one"),
      (#"{"prompt":[null]}"#, "prompt must be a non-empty string, or an array of one"),
      (#"{"prompt":[]}"#, "prompt must be one prompt, not 0"),
      (#"{"prompt":["a","b"]}"#, "prompt must be one prompt, not 2"),
      (#"{"prompt":[1,2,3]}"#, "prompt must be text: tokens are not accepted"),
      (#"{"prompt":[[1,2],[3]]}"#, "prompt must be text: tokens are not accepted"),
      (#"{"prompt":[["a"]]}"#, "prompt must be text: tokens are not accepted"),
      (#"{"prompt":7}"#, "prompt must be text: tokens are not accepted"),
    ])
  func prompts(body: String, message: String) throws {
    #expect(throws: RequestError.invalid(message, param: "prompt")) { _ = try CompletionRequest(object(body)) }
  }

  @Test(
    "what cannot be honoured is rejected",
    arguments: [
      (#""n":2"#, "400 n unsupported_parameter"), (#""n":0"#, "400 n unsupported_parameter"),
      (#""n":"1""#, "400 n unsupported_parameter"), (#""best_of":3"#, "400 best_of unsupported_parameter"),
      (#""logprobs":5"#, "400 logprobs unsupported_parameter"),
      (#""logprobs":0"#, "400 logprobs unsupported_parameter"),
      (#""echo":true"#, "400 echo unsupported_parameter"), (#""suffix":"end""#, "400 suffix unsupported_parameter"),
      (#""suffix":7"#, "400 suffix unsupported_parameter"), (#""tools":[{}]"#, "400 tools unsupported_parameter"),
      (#""stream":"true""#, "400 stream -"), (#""model":7"#, "400 model -"),
      (#""stop":["1","2","3","4","5"]"#, "400 stop -"), (#""workspace":"../x""#, "400 workspace -"),
    ])
  func refused(fields: String, expected: String) throws {
    #expect(try refusal { _ = try CompletionRequest(object("{\(Self.prompt),\(fields)}")) } == expected)
  }
}
