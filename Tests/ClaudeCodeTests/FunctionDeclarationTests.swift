import Bytes
import Testing

@testable import ClaudeCode

struct FunctionDeclarationTests {
  @Test(
    "every tool gets an object schema",
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

  @Test("a function's tool name converts both ways; other tools have none")
  func names() {
    #expect(FunctionDeclaration.toolName(of: "f-1") == "mcp__client__f-1")
    #expect(FunctionDeclaration.function(of: "mcp__client__f-1") == "f-1")
    for tool in ["Bash", "StructuredOutput", "mcp__other__f", "mcp__client_f", "f"] {
      #expect(FunctionDeclaration.function(of: tool) == nil)
    }
  }
}
