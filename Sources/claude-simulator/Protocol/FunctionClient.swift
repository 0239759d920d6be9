import Bytes

/// The MCP client of the CLI. It calls the functions of the server's client, by JSON-RPC in control requests.
final class FunctionClient {
  private let writer: LineWriter
  private let inbox: Inbox
  private var count = 0
  /// The request for the list of functions, until its answer is used.
  private var listing: String?
  private var functions: [String] = []

  init(_ writer: LineWriter, _ inbox: Inbox) {
    self.writer = writer
    self.inbox = inbox
  }

  /// Sends what the real CLI sends when it has read `initialize`.
  func connect() {
    let information: JSONValue = ["name": "claude-simulator", "version": "0"]
    _ = ask("initialize", ["protocolVersion": "2025-11-25", "capabilities": [:], "clientInfo": information])
    notify("notifications/initialized", nil)
    listing = ask("tools/list", nil)
  }

  /// Calls a function.
  ///
  /// - Returns: the id of the request, for `result(of:)`; nil if the client does not have the function.
  func call(_ call: ToolCall) throws(TurnInterrupted) -> String? {
    try loadFunctions()
    guard let name = call.function, functions.contains(name) else { return nil }
    let parameters: JSONValue = [
      "name": .string(name), "arguments": call.input, "_meta": ["claudecode/toolUseId": .string(call.id)],
    ]
    return ask("tools/call", parameters)
  }

  /// Cancels the last call, because the turn was interrupted.
  func cancel() { notify("notifications/cancelled", ["requestId": JSONValue(count - 1), "reason": "AbortError"]) }

  /// - Returns: text and error flag. The result is an error if stdin closes before it arrives.
  func result(of request: String) throws(TurnInterrupted) -> (text: String, isError: Bool) {
    guard let result = try answer(to: request)?["result"] else { return ("the client is gone", true) }
    let texts = (result["content"]?.array ?? []).map { $0["text"]?.string ?? "[\($0["type"]?.string ?? "nothing")]" }
    return (texts.joined(separator: "\n"), result["isError"]?.bool == true)
  }

  /// The functions as tools. Waits for the client's list.
  var toolNames: [String] {
    get throws(TurnInterrupted) {
      try loadFunctions()
      return functions.map { ToolCall.prefix + $0 }
    }
  }

  private func loadFunctions() throws(TurnInterrupted) {
    guard let listing else { return }
    self.listing = nil
    let tools = try answer(to: listing)?["result"]?["tools"]?.array ?? []
    // The real CLI drops the whole list if one function has no schema.
    guard tools.allSatisfy({ $0["inputSchema"]?["type"] == "object" }) else { return }
    functions = tools.compactMap { $0["name"]?.string }
  }

  private func answer(to request: String) throws(TurnInterrupted) -> JSONValue? {
    try inbox.answer(to: request)?["response"]?["mcp_response"]
  }

  private func ask(_ method: String, _ parameters: JSONValue?) -> String {
    defer { count += 1 }
    return send(method, parameters, id: count)
  }

  private func notify(_ method: String, _ parameters: JSONValue?) { _ = send(method, parameters, id: nil) }

  private func send(_ method: String, _ parameters: JSONValue?, id: Int?) -> String {
    var message: JSONObject = ["jsonrpc": "2.0", "method": .string(method)]
    if let parameters { message["params"] = parameters }
    if let id { message["id"] = JSONValue(id) }
    let request = writer.ids.uuid()
    writer.mcpMessage(.object(message), requestID: request)
    return request
  }
}
