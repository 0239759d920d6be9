import Bytes

extension LineWriter {
  /// The `user` line that carries the result of a call.
  func toolResult(_ callID: String, _ text: String, isError: Bool) {
    var extra = JSONObject()
    extra["tool_use_result"] =
      isError
      ? .string("Error: " + text)
      : ["stdout": .string(text), "stderr": "", "interrupted": false, "isImage": false, "noOutputExpected": false]
    let block: JSONValue = [
      "tool_use_id": .string(callID), "type": "tool_result", "content": .string(text), "is_error": .bool(isError),
    ]
    user([block], extra: extra)
  }
}
