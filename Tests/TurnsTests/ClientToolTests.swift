import Bytes
import EventLoop
import TestSupport
import Testing

@testable import Turns

@Suite(.bounded)
struct ClientToolTests {
  @Test(
    "a tool's function is named by its name and namespace",
    arguments: [
      ("f", nil, "f"), ("f", "", "f"), ("close_agent", "multi_agent_v1", "multi_agent_v1__close_agent"),
      ("read", "mcp__files__", "mcp__files__read"), ("f", "a.b", "a_b__f_63a63fca"), ("f", "a b", "a_b__f_dc9681ab"),
      ("f", "é", "____f_a6e6dfe2"),
    ] as [(String, String?, String)])
  func names(name: String, namespace: String?, expected: String) {
    #expect(ClientTool(name: name, namespace: namespace).functionName == expected)
  }

  @Test("limits: the length of a function's name")
  @Reactor
  func length() async throws {
    let lengths = try await LimitTable.row("function name with namespace", ClientTool.maximumNameLength) { offset in
      let namespace = String(repeating: "n", count: ClientTool.maximumNameLength + offset - 3)
      let name = ClientTool(name: "f", namespace: namespace).functionName
      return "\(name.utf8.count) \(name == "\(namespace)__f")"
    }
    #expect(lengths == ["63 true", "64 true", "64 false"])
  }

  @Test("shortened names stay apart")
  func apart() {
    let namespace = String(repeating: "n", count: 80)
    #expect(
      ClientTool(name: "a", namespace: namespace).functionName
        != ClientTool(name: "b", namespace: namespace).functionName)
  }

  @Test(
    "the input of a custom call is found in whatever arguments the model gives",
    arguments: [
      (#"{"input":"a\nb"}"#, "a\nb"), (#"{"input":""}"#, ""), (#"{"patch":"p"}"#, "p"),
      (#"{"input":"x","more":1}"#, "x"), (#"{"a":"x","b":"y"}"#, #"{"a":"x","b":"y"}"#), (#"{"a":7}"#, #"{"a":7}"#),
      ("{}", "{}"), (#""text""#, #""text""#), ("*** Begin Patch", "*** Begin Patch"), ("", ""),
    ])
  func inputs(arguments: String, expected: String) {
    #expect(ClientTool.input(ofArguments: arguments) == expected)
  }

  @Test("an input survives its way into arguments and back", arguments: ["", "a\"b\\\n\t", "{\"input\":1}", "😀"])
  func roundTrip(input: String) {
    #expect(ClientTool.input(ofArguments: ClientTool.arguments(input: input)) == input)
  }
}
