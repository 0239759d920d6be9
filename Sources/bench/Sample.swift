/// Lines of the CLI, as it prints them (2.1.329).
enum Sample {
  /// One word of text.
  static let delta = Array(
    #"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello, wor"}},"session_id":"8f8f5a42-04d2-46be-af6d-3ae094375946","parent_tool_use_id":null,"uuid":"a798a7f0-64f9-4e41-a07f-dabc45f96482","api_message_id":"msg_6d70d73c9d9d"}"#
      .utf8)
  /// What must come before it.
  static let opening = Array(
    #"{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_6d70d73c9d9d","model":"claude"}}}"#
      .utf8)
}
