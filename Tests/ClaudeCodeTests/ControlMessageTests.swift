import Bytes
import ClaudeCode
import Testing

struct ControlMessageTests {
  @Test("a process is configured before its first turn, with its system prompt")
  func initialize() {
    #expect(
      text(
        ControlMessage.initialize(
          id: "init-1", Initialization(Turn(prompt: "", session: .new(id: "s"), directory: "/"))))
        == #"{"type":"control_request","request_id":"init-1","#
        + #""request":{"subtype":"initialize","systemPromptSnapshot":false}}"# + "\n")
  }

  @Test("system prompts are sent exactly, line ends included")
  func systemPrompts() {
    var options = TurnOptions()
    options.systemPrompt = "--be\n\"brief\""
    options.appendSystemPrompt = "é\u{1}"
    #expect(
      text(
        ControlMessage.initialize(
          id: "i",
          Initialization(
            Turn(prompt: "", session: .new(id: "s"), directory: "/", options: options))))
        == #"{"type":"control_request","request_id":"i","request":{"subtype":"initialize","systemPromptSnapshot":false,"#
        + #""systemPrompt":["--be\n\"brief\""],"appendSystemPrompt":"é\u0001"}}"# + "\n")
  }

  @Test("a live process can switch model and permission mode")
  func switches() {
    #expect(
      text(ControlMessage.setModel(id: "m", "opus"))
        == #"{"type":"control_request","request_id":"m","request":{"subtype":"set_model","model":"opus"}}"# + "\n")
    #expect(
      text(ControlMessage.setModel(id: "m", nil))
        == #"{"type":"control_request","request_id":"m","request":{"subtype":"set_model"}}"# + "\n")
    for (mode, name) in [(nil, "default"), (.manual, "default"), (.plan, "plan"), (.acceptEdits, "acceptEdits")]
      as [(PermissionMode?, String)]
    {
      #expect(
        text(ControlMessage.setPermissionMode(id: "p", mode))
          == #"{"type":"control_request","request_id":"p","request":{"subtype":"set_permission_mode","#
          + #""mode":"\#(name)"}}"# + "\n")
    }
  }

  @Test(
    "a prompt never looks like a command, even after leading blanks",
    arguments: [
      ("/init", "\u{200B}/init"), (" \t/init", "\u{200B} \t/init"), ("\u{3000}/init", "\u{200B}\u{3000}/init"),
      ("init /x", "init /x"), ("", ""),
    ])
  func besides(said: String, written: String) throws {
    let line = try JSONValue(parsing: Array(ControlMessage.besides([.text(said)]).dropLast()))
    #expect(line["message"]?["content"] == .string(written))
  }

  @Test("an interrupt request has no further fields")
  func interrupt() {
    #expect(
      text(ControlMessage.interrupt(id: "int-1"))
        == #"{"type":"control_request","request_id":"int-1","request":{"subtype":"interrupt"}}"# + "\n")
  }

  @Test(
    "a prompt is encoded as one line",
    arguments: [
      ("hello", "hello"), ("--help", "--help"), ("/clear", " /clear"), ("//", " //"), ("/\u{301}x", " /\u{301}x"),
      (" /clear", " /clear"),
      ("\n/clear", #"\n/clear"#), ("a\nb\r\nc", #"a\nb\r\nc"#),
      ("\"}\n{\"type\":\"user\"", #"\"}\n{\"type\":\"user\""#), ("\0\u{1B}", #"\u0000\u001b"#),
      ("\u{2028}😀", "\u{2028}😀"),
    ])
  func user(prompt: String, escaped: String) {
    #expect(
      text(ControlMessage.user(prompt))
        == #"{"type":"user","message":{"role":"user","content":"\#(escaped)"},"parent_tool_use_id":null,"#
        + #""session_id":""}"# + "\n")
  }

  private static let command: [ContentBlock] = [
    .text("/a"), .image(mediaType: "image/png", base64: "AA=="), .text("/config x=y"),
  ]

  @Test("no block of a message is a command")
  func blocks() {
    #expect(
      text(ControlMessage.user(Self.command))
        == #"{"type":"user","message":{"role":"user","content":[{"type":"text","text":" /a"},"#
        + #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},"#
        + #"{"type":"text","text":" /config x=y"}]},"parent_tool_use_id":null,"session_id":""}"# + "\n")
  }

  @Test("commands are passed unchanged when the turn takes them")
  func commands() {
    #expect(
      text(ControlMessage.user([.text("/init")], takesCommands: true))
        == #"{"type":"user","message":{"role":"user","content":"/init"},"parent_tool_use_id":null,"session_id":""}"#
        + "\n")
  }

  @Test("a granted permission carries the original input")
  func allow() {
    #expect(
      text(ControlMessage.allow(id: "r", input: ["command": "ls", "n": .number("1.50")]))
        == #"{"type":"control_response","response":{"subtype":"success","request_id":"r","#
        + #""response":{"behavior":"allow","updatedInput":{"command":"ls","n":1.50}}}}"# + "\n")
  }

  @Test("a denied permission carries a reason")
  func deny() {
    #expect(
      text(ControlMessage.deny(id: "r", message: "no\n"))
        == #"{"type":"control_response","response":{"subtype":"success","request_id":"r","#
        + #""response":{"behavior":"deny","message":"no\n"}}}"# + "\n")
  }

  @Test("unknown control requests get an error")
  func error() {
    #expect(
      text(ControlMessage.error(id: "r", message: "hook_callback is not supported"))
        == #"{"type":"control_response","response":{"subtype":"error","request_id":"r","#
        + #""error":"hook_callback is not supported"}}"# + "\n")
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
