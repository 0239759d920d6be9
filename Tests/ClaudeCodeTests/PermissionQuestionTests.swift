import Bytes
import Testing

@testable import ClaudeCode

struct PermissionQuestionTests {
  private static let input: JSONValue = ["command": "rm x", "n": 1]

  private func question() throws -> PermissionQuestion {
    try #require(PermissionQuestion(["tool_name": "Bash", "input": Self.input], requestID: "r1"))
  }

  private func answer(_ said: String, isError: Bool = false) throws -> [UInt8] {
    try question().answer(FunctionResult([.text(said)], isError: isError))
  }

  private static func denial(_ reason: String) -> [UInt8] { ControlMessage.deny(id: "r1", message: reason) }
  private static let allowed = ControlMessage.allow(id: "r1", input: input)

  @Test("a question is a call with an id, a name and arguments of its own")
  func call() throws {
    let question = try question()
    #expect(question.callID == "approve_r1")
    #expect(PermissionQuestion.function == "approve_tool_use")
    #expect(question.arguments.text == #"{"tool_name":"Bash","input":{"command":"rm x","n":1}}"#)
  }

  @Test("without an input it asks about an empty one; without a tool it asks nothing")
  func incomplete() throws {
    let bare = try #require(PermissionQuestion(["tool_name": "Bash"], requestID: "r1"))
    #expect(bare.arguments.text == #"{"tool_name":"Bash","input":{}}"#)
    #expect(bare.answer(FunctionResult([.text("allow")])) == ControlMessage.allow(id: "r1", input: [:]))
    #expect(PermissionQuestion(["input": [:]], requestID: "r1") == nil)
    #expect(PermissionQuestion(["tool_name": 7], requestID: "r1") == nil)
  }

  @Test(
    "a clear yes allows exactly what was asked",
    arguments: [
      "allow", " Allow\n", "ALLOW", #"{"behavior":"allow"}"#, #" {"behavior":"Allow","message":"go"} "#,
      #"{"decision":"allow"}"#, #"{"behavior":"allow","updatedInput":{"command":"rm -rf /"}}"#,
    ])
  func allows(said: String) throws {
    #expect(try answer(said) == Self.allowed)
  }

  @Test(
    "a denial carries its reason",
    arguments: [
      ("deny", "The user denied it."), ("DENY.", "The user denied it."), ("", "The user denied it."),
      (" \n", "The user denied it."), ("deny: not today", "not today"), ("Deny, use mv", "use mv"),
      ("deny because", "because"), ("deny:\n two\nlines ", "two\nlines"),
      (#"{"behavior":"deny"}"#, "The user denied it."), (#"{"behavior":"deny","message":"not now"}"#, "not now"),
      (#"{"decision":"deny","reason":"never"}"#, "never"),
      (#"{"behavior":"deny","message":""}"#, "The user denied it."),
      (#"{"behavior":"deny","decision":"allow"}"#, "The user denied it."),
    ])
  func denies(said: String, reason: String) throws {
    #expect(try answer(said) == Self.denial(reason))
  }

  @Test(
    "whatever is not clear is a denial, and is its own reason",
    arguments: [
      "yes", "ok", "allowed", "allow it", "allow, but carefully", "allow\nallow", "do not allow", #""allow""#, "true",
      "[\"allow\"]", #"{"behavior":true}"#, #"{"allow":true}"#, #"{"behavior":"allow""#, "аllow",
    ])
  func unclear(said: String) throws {
    #expect(try answer(said) == Self.denial(said))
  }

  @Test("what an error says is never an approval", arguments: ["allow", #"{"behavior":"allow"}"#])
  func errors(said: String) throws {
    #expect(try answer(said, isError: true) == Self.denial("allow"))
  }

  @Test("an approval in two pieces is none, and neither is one without a word")
  func pieces() throws {
    let question = try question()
    #expect(question.answer(FunctionResult([.text("al"), .text("low")])) == Self.denial("al\nlow"))
    #expect(question.answer(FunctionResult([])) == Self.denial("The user denied it."))
    #expect(
      question.answer(FunctionResult([.image(mediaType: "image/png", base64: "AA=="), .text("allow")])) == Self.allowed)
  }
}
