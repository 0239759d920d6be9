import Bytes
import ClaudeCode
import HTTPServer
import Turns

extension ChatTools {
  /// Reads Anthropic's form.
  ///
  /// - Throws: `RequestError` 400.
  init(messages body: JSONObject) throws {
    var offered = OfferedTools()
    for (tool, path) in try ChatTools.list(body, "tools", within: .anthropic, { ($0, $1) }) {
      // In this dialect these are functions.
      guard tool["type"] != "custom" else {
        offered.add(try ChatTools.custom(tool, at: path))
        continue
      }
      try offered.take(tool, at: path, ChatTools.custom)
    }
    let choice = body["tool_choice"] ?? .null
    try self.init(
      offered, choice: choice, areParallel: choice["disable_parallel_tool_use"]?.bool != true, within: .anthropic)
  }

  private static func custom(_ tool: JSONValue, at path: String) throws -> FunctionDeclaration {
    guard tool["input_schema"]?.object != nil else {
      throw RequestError.invalid("\(path).input_schema must be an object", param: "\(path).input_schema")
    }
    return try declaration(tool, schema: "input_schema", at: path, within: .anthropic)
  }
}
