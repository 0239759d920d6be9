import Bytes
import Testing

@testable import ClaudeCode

struct FunctionDeclarationTests {
  @Test(
    "whatever the parameters are, the tool has an object schema: one without would lose the whole list",
    arguments: [
      ("{}", #"{"type":"object","properties":{}}"#), ("null", #"{"type":"object","properties":{}}"#),
      ("7", #"{"type":"object","properties":{}}"#), (#"{"type":"string"}"#, #"{"type":"object","properties":{}}"#),
      (#"{"properties":null}"#, #"{"properties":{},"type":"object"}"#),
      (
        #"{"type":"object","properties":{"a":{}},"required":["a"]}"#,
        #"{"type":"object","properties":{"a":{}},"required":["a"]}"#
      ),
    ])
  func schema(parameters: String, expected: String) throws {
    let function = FunctionDeclaration(name: "f", parameters: try JSONValue(parsing: parameters))
    #expect(function.tool["inputSchema"]?.text == expected)
    #expect(function.tool["annotations"] == ["readOnlyHint": true])
    #expect(function.tool["description"] == nil)
  }

  @Test("the model's name for a function and back; other tools are none")
  func names() {
    #expect(FunctionDeclaration.toolName(of: "f-1") == "mcp__client__f-1")
    #expect(FunctionDeclaration.function(of: "mcp__client__f-1") == "f-1")
    for tool in ["Bash", "StructuredOutput", "mcp__other__f", "mcp__client_f", "f"] {
      #expect(FunctionDeclaration.function(of: tool) == nil)
    }
  }
}
