import Bytes
import ClaudeCode
import HTTPServer
import Turns

extension ChatTools {
  /// Reads Anthropic's form.
  ///
  /// - Throws: `RequestError` 400.
  init(messages body: JSONObject) throws {
    let choice = body["tool_choice"] ?? .null
    try self.init(
      ChatTools.list(body, "tools") { try ChatTools.custom($0, at: $1) }, choice: choice,
      areParallel: choice["disable_parallel_tool_use"]?.bool != true)
  }

  private static func custom(_ tool: JSONValue, at path: String) throws -> FunctionDeclaration {
    if let type = tool["type"]?.string, type != "custom" {
      throw RequestError.invalid(
        "\(path): \(type) is one of Anthropic's own tools, which are not supported. Claude Code has similar ones; "
          + "allowed-tools lists those it may use.", param: "\(path).type", code: "unsupported_parameter")
    }
    guard tool["input_schema"]?.object != nil else {
      throw RequestError.invalid("\(path).input_schema must be an object", param: "\(path).input_schema")
    }
    return try declaration(tool, schema: "input_schema", at: path)
  }
}
