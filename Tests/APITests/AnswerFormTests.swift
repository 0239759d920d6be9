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

struct AnswerFormTests {
  private static let f = FunctionDeclaration(name: "f", parameters: ["properties": ["a": ["type": "integer"]]])
  private static let g = FunctionDeclaration(name: "g")

  @Test("free text has no schema; a structured answer has one")
  func schemas() {
    #expect(AnswerForm.text.schema == nil)
    #expect(AnswerForm.structured(schema: ["type": "object"]).schema == ["type": "object"])
  }

  @Test("the schema of a forced call is its arguments', or a choice between several")
  func callSchemas() {
    #expect(
      AnswerForm.call([Self.f], id: "c").schema?.text == #"{"properties":{"a":{"type":"integer"}},"type":"object"}"#)
    #expect(AnswerForm.call([Self.g], id: "c").schema?.text == #"{"type":"object"}"#)
    #expect(
      AnswerForm.call([Self.f, Self.g], id: "c").schema?.text
        == #"{"type":"object","properties":{"call":{"anyOf":[{"type":"object","properties":{"name":{"const":"f"},"#
        + #""arguments":{"properties":{"a":{"type":"integer"}},"type":"object"}},"required":["name","arguments"]},"#
        + #"{"type":"object","properties":{"name":{"const":"g"},"arguments":{"type":"object"}},"#
        + #""required":["name","arguments"]}]}},"required":["call"]}"#)
  }

  @Test("an answer by that schema is the call")
  func calls() {
    #expect(
      AnswerForm.call([Self.f], id: "c").call(["a": 7]) == ChatToolCall(id: "c", name: "f", arguments: #"{"a":7}"#))
    let both = AnswerForm.call([Self.f, Self.g], id: "c")
    #expect(
      both.call(["call": ["name": "f", "arguments": ["a": 7]]])
        == ChatToolCall(id: "c", name: "f", arguments: #"{"a":7}"#))
    #expect(both.call(["call": ["name": "g"]]) == ChatToolCall(id: "c", name: "g", arguments: "{}"))
    #expect(both.call(["a": 7]) == nil && both.call(nil) == nil)
    #expect(AnswerForm.text.call(["a": 7]) == nil)
    #expect(AnswerForm.structured(schema: [:]).call(["a": 7]) == nil)
  }

  @Test(
    "response_format selects the answer's form",
    arguments: [
      (nil, .text), ("null", .text), (#"{"type":"text"}"#, .text),
      (#"{"type":"json_object"}"#, .structured(schema: ["type": "object", "additionalProperties": true])),
      (
        #"{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}}"#,
        .structured(schema: ["type": "object"])
      ),
    ] as [(String?, AnswerForm)])
  func formats(format: String?, expected: AnswerForm) throws {
    #expect(try AnswerForm.responseFormat(try format.map { try JSONValue(parsing: $0) }) == expected)
  }

  @Test(
    "an invalid schema is rejected with its position, in every dialect",
    arguments: [
      "response_format.json_schema.schema", "text.format.schema", "output_config.format.schema", "output_format.schema",
    ])
  func invalid(path: String) throws {
    let schema = #"{"type":"object","properties":{"a":{"type":"bool"}}}"#
    let messages = #""max_tokens":1,"messages":[{"role":"user","content":"x"}]"#
    let refused = try refusal {
      switch path.split(separator: ".")[0] {
      case "response_format":
        _ = try AnswerForm.responseFormat(
          JSONValue(parsing: #"{"type":"json_schema","json_schema":{"schema":\#(schema)}}"#))
      case "text": _ = try AnswerForm.textFormat(JSONValue(parsing: #"{"type":"json_schema","schema":\#(schema)}"#))
      case "output_config":
        _ = try MessagesRequest(
          object(#"{\#(messages),"output_config":{"format":{"type":"json_schema","schema":\#(schema)}}}"#))
      default:
        _ = try MessagesRequest(object(#"{\#(messages),"output_format":{"type":"json_schema","schema":\#(schema)}}"#))
      }
    }
    #expect(refused == "400 \(path).properties.a.type invalid_schema")
  }

  @Test("an answer by an adapted schema is restored")
  func restored() throws {
    let list = try AnswerForm.structured(by: ["type": "array", "items": ["type": "integer"]], at: "s")
    #expect(list.schema?["properties"]?["answer"] == ["type": "array", "items": ["type": "integer"]])
    #expect(list.restored(["answer": [1]]) == [1])
    #expect(AnswerForm.structured(schema: [:]).restored(["answer": 1]) == ["answer": 1])
    #expect(AnswerForm.text.restored(["answer": 1]) == ["answer": 1])
  }

  @Test("a forced call has the client's arguments, and its references resolve where the schema is placed")
  func adaptedCalls() throws {
    let node: JSONValue = ["type": "object", "properties": ["next": ["$ref": "#/definitions/node"]]]
    let schema: JSONValue = [
      "type": "object", "properties": ["$root": ["$ref": "#/definitions/node"]], "definitions": ["node": node],
    ]
    let adapted = try AdaptedSchema.parameters(schema, at: "p")
    let f = FunctionDeclaration(name: "f", parameters: adapted.schema, mapping: adapted.mapping)
    #expect(AnswerForm.call([f], id: "c").call(["_root": [:]])?.arguments == #"{"$root":{}}"#)
    let both = AnswerForm.call([Self.g, f], id: "c")
    #expect(both.call(["call": ["name": "f", "arguments": ["_root": [:]]]])?.arguments == #"{"$root":{}}"#)
    let arguments = both.schema?["properties"]?["call"]?["anyOf"]?.array?[1]["properties"]?["arguments"]
    let reference: JSONValue = "#/properties/call/anyOf/1/properties/arguments/$defs/node"
    #expect(arguments?["properties"]?["_root"]?["$ref"] == reference)
    #expect(arguments?["$defs"]?["node"]?["properties"]?["next"]?["$ref"] == reference)
  }

  @Test(
    "invalid response_format values are rejected",
    arguments: [
      (#""json_object""#, "response_format.type"), ("{}", "response_format.type"),
      (#"{"type":"grammar"}"#, "response_format.type"),
      (#"{"type":"json_schema"}"#, "response_format.json_schema.schema"),
      (#"{"type":"json_schema","json_schema":{"schema":true}}"#, "response_format.json_schema.schema"),
    ])
  func refused(format: String, param: String) throws {
    #expect(
      try refusal { _ = try AnswerForm.responseFormat(try JSONValue(parsing: format)) } == "400 \(param) -")
  }

  @Test("a forced call overrides a format and has its own id")
  func request() throws {
    let body = #"""
      {"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","name":"g"}],
      "tool_choice":"CHOICE","response_format":{"type":"json_object"}}
      """#
    let form = { (choice: String) in
      try ChatCompletionRequest(object(body.replacing("CHOICE", with: choice))).conversation.form { "1" }
    }
    #expect(try form("required") == .call([Self.g], id: "toolu_1"))
    #expect(try form("auto") == .structured(schema: ["type": "object", "additionalProperties": true]))
  }
}
