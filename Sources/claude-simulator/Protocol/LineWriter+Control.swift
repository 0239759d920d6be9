import Bytes

extension LineWriter {
  func controlSuccess(_ requestID: String, _ response: JSONValue) {
    let body: JSONValue = ["subtype": "success", "request_id": .string(requestID), "response": response]
    send(["type": "control_response", "response": body])
  }

  func controlError(_ requestID: String, _ message: String, code: String) {
    let body: JSONValue = [
      "subtype": "error", "request_id": .string(requestID), "error": .string(message), "error_code": .string(code),
    ]
    send(["type": "control_response", "response": body])
  }

  /// Asks whether a tool may run.
  func permissionRequest(_ call: ToolCall, requestID: String) {
    let suggestion: JSONValue = ["type": "setMode", "mode": "acceptEdits", "destination": "session"]
    let request: JSONValue = [
      "subtype": "can_use_tool", "tool_name": .string(call.name), "display_name": .string(call.name),
      "input": call.input, "description": .string(call.input["command"]?.string ?? call.input.text),
      "permission_suggestions": [suggestion], "tool_use_id": .string(call.id),
    ]
    send(["type": "control_request", "request_id": .string(requestID), "request": request])
  }

  /// Sends a message to the client's MCP server.
  func mcpMessage(_ message: JSONValue, requestID: String) {
    let request: JSONValue = ["subtype": "mcp_message", "server_name": "client", "message": message]
    send(["type": "control_request", "request_id": .string(requestID), "request": request])
  }

  func permissionRequestWithdrawn(_ requestID: String) {
    send(["type": "control_cancel_request", "request_id": .string(requestID)])
  }
}
