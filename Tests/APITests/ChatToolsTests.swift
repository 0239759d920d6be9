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
struct ChatToolsTests {
  private static let schema: JSONValue = ["type": "object", "properties": ["a": ["type": "string"]]]

  private func tools(_ body: String) throws -> ChatTools { try ChatTools(object(body)) }

  @Test(
    "functions are accepted in every client's form",
    arguments: [
      #""tools":[{"type":"function","function":{"name":"f","description":"d","parameters":S,"strict":true}}]"#,
      #""tools":[{"type":"function","name":"f","description":"d","parameters":S}]"#,
      #""tools":[{"name":"f","description":"d","input_schema":S}]"#,
      #""tools":[{"type":"custom","name":"f","description":"d","input_schema":S}]"#,
      #""functions":[{"name":"f","description":"d","parameters":S}]"#,
      #""tools":null,"functions":[{"name":"f","description":"d","parameters":S}]"#,
    ])
  func spellings(fields: String) throws {
    let tools = try tools("{\(fields.replacing("S", with: Self.schema.text))}")
    #expect(tools.functions == [FunctionDeclaration(name: "f", description: "d", parameters: Self.schema)])
    #expect(tools.choice == .auto)
    #expect(tools.areParallel)
  }

  @Test("both lists count, and description and parameters are optional")
  func lists() throws {
    let tools = try tools(
      #"{"tools":[{"type":"function","function":{"name":"f"}}],"functions":[{"name":"g","parameters":null}]}"#)
    #expect(tools.functions == [FunctionDeclaration(name: "f"), FunctionDeclaration(name: "g")])
    #expect(try self.tools("{}").functions.isEmpty)
    #expect(try self.tools(#"{"tools":[],"parallel_tool_calls":false}"#).areParallel == false)
  }

  @Test(
    "invalid functions are rejected with their position",
    arguments: [
      (#"{"tools":{}}"#, "400 tools -"), (#"{"functions":7}"#, "400 functions -"),
      (#"{"tools":[7]}"#, "400 tools[0].type unsupported_parameter"),
      (#"{"tools":[{"type":"file_search"}]}"#, "400 tools[0].type unsupported_parameter"),
      (#"{"tools":[{"type":"function","function":{}}]}"#, "400 tools[0].function.name -"),
      (#"{"tools":[{"type":"function","name":""}]}"#, "400 tools[0].name -"),
      (#"{"tools":[{"name":"f","input_schema":{}},{"type":"function","name":"a.b"}]}"#, "400 tools[1].name -"),
      (#"{"tools":[{"type":"function","name":"é"}]}"#, "400 tools[0].name -"),
      (#"{"tools":[{"type":"function","name":"f","parameters":[]}]}"#, "400 tools[0].parameters -"),
      (#"{"tools":[{"name":"f","input_schema":7}]}"#, "400 tools[0].input_schema -"),
      (#"{"functions":[{"name":"f","parameters":"x"}]}"#, "400 functions[0].parameters -"),
      (#"{"tools":[{"type":"function","name":"f"}],"functions":[{"name":"f"}]}"#, "400 tools -"),
    ])
  func refused(body: String, expected: String) throws {
    #expect(try refusal { _ = try tools(body) } == expected)
  }

  @Test(
    "an invalid schema is rejected with the position of the fault",
    arguments: [
      (#"{"type":"function","function":{"name":"f","parameters":P}}"#, "tools[0].function.parameters"),
      (#"{"type":"function","name":"f","parameters":P}"#, "tools[0].parameters"),
      (#"{"name":"f","input_schema":P}"#, "tools[0].input_schema"),
    ])
  func invalid(tool: String, path: String) throws {
    let parameters = #"{"type":"object","properties":{"a":{"type":"bool"}}}"#
    let body = #"{"tools":[\#(tool.replacing("P", with: parameters))]}"#
    #expect(try refusal { _ = try tools(body) } == "400 \(path).properties.a.type invalid_schema")
  }

  @Test("a forced call is validated: what only the CLI cannot enforce is rejected then")
  func forced() throws {
    let declared = #""tools":[{"name":"f","input_schema":{"properties":{"$a":{"pattern":"(?i)x"}}}}]"#
    let offered = try tools("{\(declared)}").functions
    #expect(
      offered == [
        FunctionDeclaration(
          name: "f", parameters: ["properties": ["_a": ["pattern": "(?i)x", "title": "$a"]]],
          mapping: .renamed([ValueMapping.Name(client: "$a", upstream: "_a")]))
      ])
    #expect(
      try refusal { _ = try tools(#"{\#(declared),"tool_choice":"required"}"#) }
        == "400 tools.f.parameters.properties._a.pattern invalid_schema")
  }

  private static let two = #""tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}]"#
  private static let both = [FunctionDeclaration(name: "f"), FunctionDeclaration(name: "g")]

  @Test(
    "tool_choice is accepted in every form",
    arguments: [
      ("null", .auto), (#""auto""#, .auto), (#"{"type":"auto"}"#, .auto), (#""none""#, .none),
      (#"{"type":"none"}"#, .none), (#""required""#, .required(both)), (#""any""#, .required(both)),
      (#"{"type":"any"}"#, .required(both)), (#"{"type":"required"}"#, .required(both)),
      (#"{"type":"function","function":{"name":"g"}}"#, .required([both[1]])),
      (#"{"type":"function","name":"g"}"#, .required([both[1]])),
      (#"{"type":"tool","name":"f"}"#, .required([both[0]])), (#"{"name":"f"}"#, .required([both[0]])),
    ] as [(String, ChatTools.Choice)])
  func choices(choice: String, expected: ChatTools.Choice) throws {
    #expect(try tools("{\(Self.two),\"tool_choice\":\(choice)}").choice == expected)
    #expect(try tools("{\(Self.two),\"function_call\":\(choice)}").choice == expected)
  }

  @Test(
    "an impossible tool_choice is rejected",
    arguments: [
      (two, #""sometimes""#), (two, "7"), (two, #"{"type":"allowed_tools"}"#), (two, #"{"type":"function"}"#),
      (two, #"{"type":"function","function":{"name":"h"}}"#), (#""tools":[]"#, #""required""#),
      (#""tools":[]"#, #"{"type":"any"}"#), (#""tools":null"#, #"{"type":"required"}"#),
      (#""tools":[]"#, #"{"name":"f"}"#),
    ])
  func refusedChoices(tools: String, choice: String) throws {
    #expect(try refusal { _ = try self.tools("{\(tools),\"tool_choice\":\(choice)}") } == "400 tool_choice -")
  }

  @Test("limits: number of functions and length of their names")
  @Reactor
  func limits() async throws {
    let bounds = ChatTools.Bounds.openAI
    #expect(bounds.count == 128 && bounds.nameLength == 64)
    let counted = try await LimitTable.row("functions", bounds.count) { offset in
      let names = (0..<(bounds.count + offset)).map { #"{"name":"f\#($0)"}"# }.joined(separator: ",")
      return try refusal { _ = try tools(#"{"functions":[\#(names)]}"#) } ?? "taken"
    }
    #expect(counted == ["taken", "taken", "400 tools -"])
    let measured = try await LimitTable.row("function name", bounds.nameLength) { offset in
      let name = String(repeating: "x", count: bounds.nameLength + offset)
      return try refusal { _ = try tools(#"{"functions":[{"name":"\#(name)"}]}"#) } ?? "taken"
    }
    #expect(measured == ["taken", "taken", "400 functions[0].name -"])
  }
}
