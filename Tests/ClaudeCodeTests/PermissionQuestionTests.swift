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

  @Test("a permission request is shown as a function call")
  func call() throws {
    let question = try question()
    #expect(question.callID == "approve_r1")
    #expect(PermissionQuestion.function == "approve_tool_use")
    #expect(question.arguments.text == #"{"tool_name":"Bash","input":{"command":"rm x","n":1}}"#)
  }

  @Test("a request without input has an empty one; a request without a tool is invalid")
  func incomplete() throws {
    let bare = try #require(PermissionQuestion(["tool_name": "Bash"], requestID: "r1"))
    #expect(bare.arguments.text == #"{"tool_name":"Bash","input":{}}"#)
    #expect(bare.answer(FunctionResult([.text("allow")])) == ControlMessage.allow(id: "r1", input: [:]))
    #expect(PermissionQuestion(["input": [:]], requestID: "r1") == nil)
    #expect(PermissionQuestion(["tool_name": 7], requestID: "r1") == nil)
  }

  @Test(
    "an explicit approval allows exactly the requested input",
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
    "anything unclear is a denial with itself as the reason",
    arguments: [
      "yes", "ok", "allowed", "allow it", "allow, but carefully", "allow\nallow", "do not allow", #""allow""#, "true",
      "[\"allow\"]", #"{"behavior":true}"#, #"{"allow":true}"#, #"{"behavior":"allow""#, "аllow",
    ])
  func unclear(said: String) throws {
    #expect(try answer(said) == Self.denial(said))
  }

  @Test("an error result is never an approval", arguments: ["allow", #"{"behavior":"allow"}"#])
  func errors(said: String) throws {
    #expect(try answer(said, isError: true) == Self.denial("allow"))
  }

  @Test("an approval must be one text with a word in it")
  func pieces() throws {
    let question = try question()
    #expect(question.answer(FunctionResult([.text("al"), .text("low")])) == Self.denial("al\nlow"))
    #expect(question.answer(FunctionResult([])) == Self.denial("The user denied it."))
    #expect(
      question.answer(FunctionResult([.image(mediaType: "image/png", base64: "AA=="), .text("allow")])) == Self.allowed)
  }
}
