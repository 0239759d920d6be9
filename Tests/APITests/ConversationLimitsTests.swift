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

/// What a request may carry, at each limit.
@Reactor
@Suite(.bounded)
struct ConversationLimitsTests {
  private func chat(_ body: JSONObject) throws -> String {
    try refusal { _ = try ChatCompletionRequest(body) } ?? "taken"
  }

  private func messages(_ messages: [JSONValue], _ fields: JSONObject = JSONObject()) -> JSONObject {
    var body = fields
    body["messages"] = .array(messages)
    return body
  }

  private let question: JSONValue = ["role": "user", "content": "hi"]

  @Test("limit: messages of a conversation")
  func count() async throws {
    let limit = RequestLimits.messages
    let outcomes = try await LimitTable.row("messages", limit) { offset in
      let body = messages(Array(repeating: question, count: limit + offset))
      let outcome = try chat(body)
      let anthropic = try refusal { _ = try MessagesRequest(body) } ?? "taken"
      #expect(anthropic == outcome)
      let items = try refusal { _ = try ResponsesInputItem.list(body["messages"]) } ?? "taken"
      #expect(items == (offset > 0 ? "400 input too_many_messages" : "taken"))
      return outcome
    }
    #expect(outcomes == ["taken", "taken", "400 messages too_many_messages"])
  }

  @Test("limit: bytes of all instructions")
  func instructions() async throws {
    let limit = RequestLimits.instructions
    let outcomes = try await LimitTable.row("bytes of instructions", limit) { offset in
      // A message and its text count 64 bytes each for their frames.
      let half = JSONValue.string(String(repeating: "x", count: limit / 2 - 128))
      let rest = JSONValue.string(String(repeating: "x", count: limit / 2 - 128 + offset))
      return try chat(
        messages([["role": "system", "content": half], question, ["role": "developer", "content": rest]]))
    }
    #expect(outcomes == ["taken", "taken", "400 messages instructions_too_long"])
    let option = try await LimitTable.row("bytes of a system prompt", limit) { offset in
      let prompt = JSONValue.string(String(repeating: "x", count: limit + offset))
      return try chat(messages([question], ["system-prompt": prompt]))
    }
    #expect(option == ["taken", "taken", "400 system-prompt -"])
  }

  @Test("limit: bytes of all functions")
  func functions() async throws {
    let limit = RequestLimits.declarations
    let outcomes = try await LimitTable.row("bytes of functions", limit) { offset in
      // The names, and what an empty schema counts.
      let rest = limit / 2 - 1 - JSONValue.object(JSONObject()).size
      let tools: [JSONValue] = [("f", 0), ("g", offset)].map { name, more in
        let description = JSONValue.string(String(repeating: "x", count: rest + more))
        return ["type": "function", "function": ["name": .string(name), "description": description]]
      }
      return try chat(messages([question], ["tools": .array(tools)]))
    }
    #expect(outcomes == ["taken", "taken", "400 tools tools_too_large"])
  }

  @Test("limit: bytes of a schema")
  func schema() async throws {
    let limit = RequestLimits.declarations
    func schema(_ count: Int) -> JSONValue {
      ["type": "object", "description": .string(String(repeating: "x", count: count))]
    }
    let frame = schema(0).size
    let outcomes = try await LimitTable.row("bytes of a schema", limit) { offset in
      let format: JSONValue = [
        "type": "json_schema", "json_schema": ["name": "x", "schema": schema(limit - frame + offset)],
      ]
      return try chat(messages([question], ["response_format": format]))
    }
    #expect(
      outcomes == ["taken", "taken", "400 response_format.json_schema.schema schema_too_large"])
  }

  private func metadata(_ pairs: [(String, String)]) throws -> String {
    var metadata = JSONObject()
    for (key, value) in pairs { metadata[key] = .string(value) }
    return try chat(messages([question], ["metadata": .object(metadata)]))
  }

  @Test("limits: metadata; options do not count")
  func metadata() async throws {
    let options = [("workspace", "demo"), ("system-prompt", String(repeating: "x", count: 10_000))]
    let pairs = try await LimitTable.row("pairs of metadata", RequestLimits.metadataPairs) { offset in
      try metadata(options + (0..<(RequestLimits.metadataPairs + offset)).map { ("k\($0)", "v") })
    }
    #expect(pairs == ["taken", "taken", "400 metadata -"])
    let keys = try await LimitTable.row("bytes of a key of metadata", RequestLimits.metadataKey) { offset in
      try metadata([(String(repeating: "k", count: RequestLimits.metadataKey + offset), "v")])
    }
    #expect(keys == ["taken", "taken", "400 metadata -"])
    let values = try await LimitTable.row("bytes of a value of metadata", RequestLimits.metadataValue) { offset in
      try metadata([("k", String(repeating: "v", count: RequestLimits.metadataValue + offset))])
    }
    #expect(values == ["taken", "taken", "400 metadata -"])
  }

  @Test("limit: bytes of all tool rules")
  func toolRules() async throws {
    let limit = RequestLimits.toolRules
    let outcomes = try await LimitTable.row("bytes of tool rules", limit) { offset in
      var options = TurnOptions()
      // Each rule counts one byte more, for the comma behind it.
      let rules = Array(repeating: String(repeating: "x", count: 1023), count: limit / 1024 - 1)
      options.allowedTools = rules
      options.disallowedTools = [String(repeating: "y", count: 1023 + offset)]
      return try refusal { try TurnPolicy().check(options) } ?? "taken"
    }
    #expect(outcomes == ["taken", "taken", "400 disallowed-tools too_many_tools"])
  }

  @Test("limit: option lines; later ones are text")
  func optionLines() async throws {
    let limit = InBandOptions.maximumLines
    let outcomes = try await LimitTable.row("option lines", limit) { offset in
      let text = String(repeating: "workspace=a\n", count: limit + offset) + "hello"
      let read = try InBandOptions(message: text)
      #expect(read.options.workspace == "a")
      return read.text
    }
    #expect(outcomes == ["hello", "hello", "workspace=a\nhello"])
  }
}
