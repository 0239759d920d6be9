import Bytes

/// A call that the CLI waits for.
struct FunctionCall: Equatable, Sendable {
  /// The id of the control request that brought it.
  let requestID: String
  /// The id of the call in JSON-RPC.
  let messageID: JSONValue
  /// The id of the call in the stream, in the server's form; see `CallID`.
  let toolUseID: String
}

/// The client's functions as an MCP server (protocol of CLI 2.1.329: JSON-RPC in control requests). A value: messages
/// in, replies out.
struct FunctionServer: Equatable, Sendable {
  enum Reply: Equatable, Sendable {
    case answer(JSONValue)
    /// The response follows when the client has answered.
    case call(FunctionCall)
  }

  let functions: [FunctionDeclaration]

  func reply(to message: JSONValue, requestID: String) -> Reply {
    guard let id = message["id"], !id.isNull else { return .answer(["jsonrpc": "2.0", "result": [:]]) }
    switch message["method"]?.string {
    case "initialize": return .answer(FunctionServer.result(id, greeting(message)))
    case "tools/list": return .answer(FunctionServer.result(id, ["tools": .array(functions.map(\.tool))]))
    case "tools/call":
      let use = message["params"]?["_meta"]?["claudecode/toolUseId"]?.string ?? ""
      return .call(FunctionCall(requestID: requestID, messageID: id, toolUseID: CallID.issued(use)))
    case "ping": return .answer(FunctionServer.result(id, [:]))
    case let method:
      return .answer([
        "jsonrpc": "2.0", "id": id,
        "error": ["code": -32601, "message": .string("no method \(method ?? "")")],
      ])
    }
  }

  private func greeting(_ message: JSONValue) -> JSONValue {
    [
      "protocolVersion": message["params"]?["protocolVersion"] ?? "2025-06-18", "capabilities": ["tools": [:]],
      "serverInfo": ["name": .string(FunctionDeclaration.server), "version": "1"],
    ]
  }

  /// The line that responds to a call.
  static func answer(to call: FunctionCall, _ result: FunctionResult) -> [UInt8] {
    let body: JSONValue = ["content": .array(result.content.map(content)), "isError": .bool(result.isError)]
    return ControlMessage.mcp(id: call.requestID, self.result(call.messageID, body))
  }

  // MCP spells images differently and has no search results. A PDF would be stored as a file, of which the model gets the
  // path (2.1.329); see `FunctionResult.reachesLiveTurn`.
  private static func content(_ block: ContentBlock) -> JSONValue {
    switch block {
    case .image(let mediaType, let base64):
      ["type": "image", "data": .string(base64), "mimeType": .string(mediaType)]
    case .searchResult(let source, let title, let texts):
      ["type": "text", "text": .string(([title, source] + texts).joined(separator: "\n"))]
    case .text(let text): ["type": "text", "text": .string(text)]
    case .document(_, let title): ["type": "text", "text": .string("[the document \(title ?? "") was left out]")]
    case .toolUse, .toolResult: ["type": "text", "text": ""]
    }
  }

  private static func result(_ id: JSONValue, _ result: JSONValue) -> JSONValue {
    ["jsonrpc": "2.0", "id": id, "result": result]
  }
}
