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

@Suite(.bounded)
struct MessagesRequestTests {
  private static let messages = #""messages":[{"role":"user","content":"hi"}]"#
  private static let tool = #"{"name":"f","input_schema":{}}"#

  @Test("a minimal request")
  func least() throws {
    let request = try MessagesRequest(object("{\(Self.messages)}"))
    #expect(request.model == "claude-code")
    #expect(!request.isStreamed)
    #expect(!request.includesThinking)
    #expect(request.conversation.messages == [ChatMessage(role: .user, text: "hi")])
    #expect(request.conversation.format == .text)
    var options = TurnOptions()
    options.model = "claude-code"
    #expect(request.conversation.options == options)
  }

  @Test(
    "fields are used, or ignored where they have no effect",
    arguments: [
      #""max_tokens":1024,"temperature":0.2,"top_p":1,"top_k":5,"service_tier":"auto""#,
      #""max_tokens":null,"model":null,"stream":null,"system":null,"tools":null,"tool_choice":null,"thinking":null"#,
      #""metadata":{"user_id":"u"},"stop_sequences":[],"tools":[],"tool_choice":{"type":"auto"},"container":null"#,
      #""thinking":{"type":"disabled"},"output_config":{},"output_format":null,"cache_control":{"type":"ephemeral"}"#,
      #""system":"","stop_sequences":null,"metadata":null,"no_such_field":{"a":[1]}"#,
    ])
  func ignored(fields: String) throws {
    let request = try MessagesRequest(object("{\(Self.messages),\(fields)}"))
    #expect(try request == MessagesRequest(object("{\(Self.messages)}")))
  }

  @Test("given options are set")
  func everything() throws {
    let request = try MessagesRequest(
      object(
        #"{\#(Self.messages),"model":"sonnet","stream":true,"max_tokens":9,"workspace":"a","max_turns":3,"#
          + #""metadata":{"user_id":"u","workspace":"b","allowed-tools":"Bash"},"stop_sequences":["x",""],"#
          + #""thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"effort":"high"},"#
          + #""system":[{"type":"text","text":"one","cache_control":{"type":"ephemeral"}},{"type":"text","text":"two"}]}"#
      ))
    #expect(request.model == "sonnet")
    #expect(request.isStreamed)
    #expect(request.includesThinking)
    #expect(request.conversation.stop == ["x"])
    #expect(request.conversation.messages.first == ChatMessage(role: .system, content: [.text("one"), .text("two")]))
    var options = TurnOptions()
    options.model = "sonnet"
    options.effort = .high
    options.workspace = "a"
    options.maxTurns = 3
    options.allowedTools = ["Bash"]
    #expect(request.conversation.options == options)
  }

  @Test(
    "thinking is included on request",
    arguments: [
      (#"{"type":"enabled","budget_tokens":1}"#, true), (#"{"type":"adaptive"}"#, true),
      (#"{"type":"between_tools"}"#, true), (#"{"type":"adaptive","display":"summarized"}"#, true),
      (#"{"type":"adaptive","display":"omitted"}"#, false), (#"{"type":"disabled"}"#, false),
    ])
  func thinking(value: String, isTold: Bool) throws {
    #expect(try MessagesRequest(object(#"{\#(Self.messages),"thinking":\#(value)}"#)).includesThinking == isTold)
  }

  @Test(
    "an output format is accepted in both forms",
    arguments: [
      #""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#,
      #""output_format":{"type":"json_schema","schema":{"type":"object"}}"#,
    ])
  func format(field: String) throws {
    let request = try MessagesRequest(object("{\(Self.messages),\(field)}"))
    #expect(request.conversation.format == .structured(schema: ["type": "object"]))
  }

  @Test(
    "unsupported and invalid fields are rejected",
    arguments: [
      ("{}", "400 messages -"), (#"{"messages":null}"#, "400 messages -"), (#"{"messages":[]}"#, "400 messages -"),
      (#"{"messages":["hi"]}"#, "400 messages[0] -"),
      (#"{"messages":[{"role":"tool","content":"x"}]}"#, "400 messages[0].role -"),
      (#"{"messages":[{"role":"assistant","content":"x"}]}"#, "400 messages -"),
      (
        #"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"The answer is ("}]}"#,
        "400 messages -"
      ),
      (#"{"messages":[{"role":"user","content":" \n"}]}"#, "400 messages -"),
      (#"{\#(messages),"system":7}"#, "400 system -"),
      (#"{\#(messages),"system":[{"type":"tool_use","id":"a","name":"f","input":{}}]}"#, "400 system -"),
      (
        #"{\#(messages),"mcp_servers":[{"type":"url","name":"n","url":"https://example.org"}]}"#,
        "400 mcp_servers unsupported_parameter"
      ), (#"{\#(messages),"mcp_servers":{}}"#, "400 mcp_servers unsupported_parameter"),
      (#"{\#(messages),"mcp_servers":"n"}"#, "400 mcp_servers unsupported_parameter"),
      (#"{\#(messages),"thread":{"type":"create"}}"#, "400 thread thread_unsupported_request"),
      (#"{\#(messages),"model":7}"#, "400 model -"), (#"{\#(messages),"stream":"true"}"#, "400 stream -"),
      (#"{\#(messages),"max_tokens":0}"#, "400 max_tokens -"),
      (#"{\#(messages),"max_tokens":-1}"#, "400 max_tokens -"),
      (#"{\#(messages),"max_tokens":1.5}"#, "400 max_tokens -"),
      (#"{\#(messages),"max_tokens":"9"}"#, "400 max_tokens -"),
      (#"{\#(messages),"thinking":true}"#, "400 thinking.type -"),
      (#"{\#(messages),"thinking":{"type":"hard"}}"#, "400 thinking.type -"),
      (#"{\#(messages),"thinking":{"type":"enabled","budget_tokens":0}}"#, "400 thinking.budget_tokens -"),
      (#"{\#(messages),"output_config":{"effort":"ultra"}}"#, "400 output_config.effort -"),
      (#"{\#(messages),"output_config":{"format":{"type":"xml"}}}"#, "400 output_config.format.type -"),
      (#"{\#(messages),"output_format":{"type":"json_schema"}}"#, "400 output_format.schema -"),
      (#"{\#(messages),"stop_sequences":"x"}"#, "400 stop_sequences -"),
      (#"{\#(messages),"stop_sequences":["x",7]}"#, "400 stop_sequences -"),
      (#"{\#(messages),"tools":[{"name":"f"}]}"#, "400 tools[0].input_schema -"),
      (#"{\#(messages),"tool_choice":{"type":"any"}}"#, "400 tool_choice -"),
      (#"{\#(messages),"metadata":"x"}"#, "400 metadata -"),
      (#"{\#(messages),"metadata":{"max-turns":"x"}}"#, "400 max-turns -"),
      (#"{\#(messages),"workspace":"../x"}"#, "400 workspace -"),
    ])
  func refused(body: String, expected: String) throws {
    #expect(try refusal { _ = try MessagesRequest(object(body)) } == expected)
  }

  @Reactor
  @Test("limits: number and length of stop sequences")
  func limits() async throws {
    func attempt(_ sequences: [String]) throws -> String {
      let list = JSONValue.array(sequences.map { .string($0) }).text
      return try refusal { _ = try MessagesRequest(object(#"{\#(Self.messages),"stop_sequences":\#(list)}"#)) }
        ?? "taken"
    }
    let (count, length) = (MessagesRequest.maximumStops, MessagesRequest.maximumStopLength)
    let counts = try await LimitTable.row("stop sequences", count) { offset in
      try attempt((0..<(count + offset)).map { "s\($0)" })
    }
    #expect(counts == ["taken", "taken", "400 stop_sequences -"])
    let lengths = try await LimitTable.row("length of a stop sequence", length) { offset in
      try attempt([String(repeating: "x", count: length + offset)])
    }
    #expect(lengths == ["taken", "taken", "400 stop_sequences -"])
  }
}
