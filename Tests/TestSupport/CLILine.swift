/// Lines as the CLI prints them, for answers that were never recorded. Text is given as the inside of a JSON string.
public enum CLILine {
  public static func event(_ event: String, subagent: Bool = false) -> String {
    #"{"type":"stream_event","event":\#(event),"session_id":"s","parent_tool_use_id":\#(parent(subagent)),"uuid":"u"}"#
  }

  public static func messageStart(_ id: String, subagent: Bool = false) -> String {
    event(
      #"{"type":"message_start","message":{"model":"claude-opus-5-5","id":"\#(id)","content":[]}}"#, subagent: subagent)
  }

  public static let textStart = event(
    #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#)

  public static let thinkingStart = event(
    #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#)

  public static let toolStart = event(
    #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"Bash","input":{}}}"#)

  /// A call of the client's function `f` begins.
  public static func callStart(_ id: String, subagent: Bool = false) -> String {
    event(
      #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"\#(id)","#
        + #""name":"mcp__client__f","input":{}}}"#, subagent: subagent)
  }

  /// A piece of a call's arguments.
  public static func input(_ piece: String) -> String {
    event(#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\#(piece)"}}"#)
  }

  /// A streamed call of the client's function `f` without arguments.
  public static func callBlock(_ message: String, _ id: String) -> [String] {
    [callStart(id), input(""), assistant(message, toolBlock(id, "mcp__client__f")), blockStop]
  }

  public static func text(_ text: String, subagent: Bool = false) -> String {
    event(
      #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(text)"}}"#, subagent: subagent)
  }

  public static func thinking(_ text: String) -> String {
    event(#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\#(text)"}}"#)
  }

  public static let blockStop = event(#"{"type":"content_block_stop","index":0}"#)

  public static func messageDelta(_ reason: String, usage: String = "{}", subagent: Bool = false) -> String {
    event(
      #"{"type":"message_delta","delta":{"stop_reason":"\#(reason)","stop_sequence":null},"usage":\#(usage)}"#,
      subagent: subagent)
  }

  public static let messageStop = event(#"{"type":"message_stop"}"#)

  public static func assistant(
    _ id: String, _ content: String..., stop: String? = nil, model: String = "claude-opus-5-5", subagent: Bool = false
  ) -> String {
    let reason = stop.map { "\"\($0)\"" } ?? "null"
    return #"{"type":"assistant","message":{"model":"\#(model)","id":"\#(id)","type":"message","role":"assistant","#
      + #""content":[\#(content.joined(separator: ","))],"stop_reason":\#(reason)},"#
      + #""parent_tool_use_id":\#(parent(subagent)),"session_id":"s"}"#
  }

  public static func textBlock(_ text: String) -> String { #"{"type":"text","text":"\#(text)"}"# }
  public static func thinkingBlock(_ text: String) -> String {
    #"{"type":"thinking","thinking":"\#(text)","signature":""}"#
  }
  public static func toolBlock(_ id: String, _ name: String = "Bash", input: String = "{}") -> String {
    #"{"type":"tool_use","id":"\#(id)","name":"\#(name)","input":\#(input)}"#
  }

  public static func toolResult(_ content: String, isError: Bool, subagent: Bool = false) -> String {
    #"{"type":"user","message":{"role":"user","content":[{"tool_use_id":"t","type":"tool_result","#
      + #""content":\#(content),"is_error":\#(isError)}]},"parent_tool_use_id":\#(parent(subagent))}"#
  }

  /// The CLI asks whether it may use Bash.
  public static func question(_ id: String) -> String {
    #"{"type":"control_request","request_id":"\#(id)","#
      + #""request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#
  }

  public static func retry(_ status: String, delay: Int) -> String {
    #"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":\#(delay),"#
      + #""error_status":\#(status)}"#
  }

  public static func result(
    _ text: String = "", turns: Int = 1, subtype: String = "success", isError: Bool = false, more: String = ""
  ) -> String {
    #"{"duration_api_ms":1,"stop_reason":"end_turn","session_id":"s","type":"result","subtype":"\#(subtype)","#
      + #""is_error":\#(isError),"num_turns":\#(turns),"result":"\#(text)"\#(more)}"#
  }

  public static let initLine = #"{"type":"system","subtype":"init","cwd":"/srv","session_id":"s","tools":[]}"#

  /// A message that is streamed to its end.
  public static func message(_ id: String, _ pieces: String..., stop: String = "end_turn") -> [String] {
    [messageStart(id), textStart] + pieces.map { text($0) }
      + [assistant(id, textBlock(pieces.joined())), blockStop, messageDelta(stop), messageStop]
  }

  /// A message that breaks off after its pieces.
  public static func cut(_ id: String, _ pieces: String...) -> [String] {
    [messageStart(id), textStart] + pieces.map { text($0) } + [blockStop, messageStop, retry("null", delay: 1)]
  }

  private static func parent(_ subagent: Bool) -> String { subagent ? "\"toolu_parent\"" : "null" }
}
