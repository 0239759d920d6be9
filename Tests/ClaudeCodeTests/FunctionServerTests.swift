import Bytes
import Testing

@testable import ClaudeCode

struct FunctionServerTests {
  private func reply(_ message: String, _ functions: FunctionDeclaration...) throws -> FunctionServer.Reply {
    FunctionServer(functions: functions).reply(to: try JSONValue(parsing: message), requestID: "q")
  }

  @Test("the handshake accepts the CLI's protocol version, or a known one", arguments: [true, false])
  func handshake(saysVersion: Bool) throws {
    let parameters = saysVersion ? #"{"protocolVersion":"2025-11-25","capabilities":{}}"# : "{}"
    let version: JSONValue = saysVersion ? "2025-11-25" : "2025-06-18"
    #expect(
      try reply(#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":\#(parameters)}"#)
        == .answer([
          "jsonrpc": "2.0", "id": 0,
          "result": [
            "protocolVersion": version, "capabilities": ["tools": [:]],
            "serverInfo": ["name": "client", "version": "1"],
          ],
        ]))
  }

  @Test("the tool list has every function with its schema")
  func list() throws {
    let answer = try reply(
      #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, FunctionDeclaration(name: "a", description: "d"),
      FunctionDeclaration(name: "b", parameters: ["type": "object", "properties": ["x": ["type": "string"]]]))
    #expect(
      answer
        == .answer([
          "jsonrpc": "2.0", "id": 1,
          "result": [
            "tools": [
              [
                "name": "a", "description": "d", "inputSchema": ["type": "object", "properties": [:]],
                "annotations": ["readOnlyHint": true],
              ],
              [
                "name": "b", "inputSchema": ["type": "object", "properties": ["x": ["type": "string"]]],
                "annotations": ["readOnlyHint": true],
              ],
            ]
          ],
        ]))
  }

  @Test("a call carries both its names; a call without a tool use has none")
  func call() throws {
    let meta = #""_meta":{"claudecode/toolUseId":"toolu_1","progressToken":2}"#
    #expect(
      try reply(#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"a","arguments":{},\#(meta)}}"#)
        == .call(FunctionCall(requestID: "q", messageID: 2, toolUseID: "toolu_1")))
    #expect(
      try reply(#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"a"}}"#)
        == .call(FunctionCall(requestID: "q", messageID: "x", toolUseID: "")))
  }

  @Test("every other request is answered")
  func others() throws {
    #expect(
      try reply(#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#)
        == .answer(["jsonrpc": "2.0", "id": 3, "result": [:]]))
    for notification in ["notifications/initialized", "notifications/cancelled", "tools/call"] {
      #expect(
        try reply(#"{"jsonrpc":"2.0","method":"\#(notification)"}"#) == .answer(["jsonrpc": "2.0", "result": [:]]))
    }
    #expect(
      try reply(#"{"jsonrpc":"2.0","id":4,"method":"resources/list"}"#)
        == .answer([
          "jsonrpc": "2.0", "id": 4, "error": ["code": -32601, "message": "no method resources/list"],
        ]))
    #expect(
      try reply(#"{"id":null}"#) == .answer(["jsonrpc": "2.0", "result": [:]]))
  }

  @Test("results carry text and images in MCP's form")
  func answer() {
    let call = FunctionCall(requestID: "q", messageID: 7, toolUseID: "t")
    let said = FunctionResult([.text("a\n"), .image(mediaType: "image/png", base64: "AAAA")], isError: true)
    #expect(
      String(decoding: FunctionServer.answer(to: call, said), as: UTF8.self)
        == #"{"type":"control_response","response":{"subtype":"success","request_id":"q","response":{"mcp_response":"#
        + #"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"a\n"},"#
        + #"{"type":"image","data":"AAAA","mimeType":"image/png"}],"isError":true}}}}}"# + "\n")
  }
}
