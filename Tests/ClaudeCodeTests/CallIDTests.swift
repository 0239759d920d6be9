import ClaudeCode
import Testing

@testable import ClaudeCode

struct CallIDTests {
  private static let request = "da6396a0-0250-4e2a-a79e-3e95eb9a5a26"

  @Test(
    "an id is the same in every dialect, and read back from each",
    arguments: [
      ("toolu_01AbC", "call_01AbC", "toolu_01AbC"), ("toolu_bdrk_01X", "call_bdrk_01X", "toolu_bdrk_01X"),
      ("a", "a", "a"), ("function_call", "function_call", "function_call"), ("toolu_", "toolu_", "toolu_"),
      ("functions.get_weather:0", "functions.get_weather:0", "functions.get_weather:0"),
      ("approve_r1", "call_approve_r1", "toolu_approve_r1"),
      (
        "approve_\(request)", "call_askda6396a002504e2aa79e3e95eb9a5a26", "toolu_askda6396a002504e2aa79e3e95eb9a5a26"
      ),
    ])
  func written(id: String, openAI: String, anthropic: String) {
    #expect(CallID.openAI(id) == openAI && CallID.anthropic(id) == anthropic)
    #expect(openAI.utf8.count <= CallID.maximumLength)
    for form in [id, openAI, anthropic] { #expect(CallID.received(form) == id) }
  }

  @Test("ids of other providers have one form, whichever dialect they come in")
  func received() {
    #expect(CallID.received("call_abc") == "toolu_abc")
    #expect(CallID.received("call_") == "call_")
    #expect(CallID.received("call_ask12") == "toolu_ask12")
  }

  @Test(
    "ids of the upstream fit every dialect",
    arguments: ["toolu_01AbC", "call_x", "a", "chatcmpl-tool-1", "toolu_\(String(repeating: "x", count: 35))"])
  func issued(id: String) {
    #expect(CallID.issued(id) == CallID.received(id))
  }

  @Test(
    "an id that a dialect could not write is replaced by a hash, always the same",
    arguments: [
      "toolu_\(String(repeating: "x", count: 36))", "call_a b", "functions.f:0", String(repeating: "y", count: 41),
    ])
  func hashed(id: String) {
    let issued = CallID.issued(id)
    #expect(issued.hasPrefix("toolu_") && issued.utf8.count == 38)
    #expect(CallID.issued(id) == issued && CallID.received(CallID.openAI(issued)) == issued)
    #expect(CallID.openAI(issued).utf8.count <= CallID.maximumLength)
  }

  @Test("an id made from a UUID fits every dialect")
  func made() {
    #expect(CallID.made(from: Self.request) == "toolu_da6396a002504e2aa79e3e95eb9a5a26")
    #expect(CallID.openAI(CallID.made(from: Self.request)).utf8.count == 37)
  }
}
