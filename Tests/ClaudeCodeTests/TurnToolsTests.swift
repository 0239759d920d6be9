import Bytes
import ClaudeCodeTestSupport
import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

/// Turns whose CLI leaves out a function, or the schema of the answer.
@Reactor
@Suite(.bounded)
struct TurnToolsTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private nonisolated static func initLine(_ tools: String) -> String {
    #"{"cwd":"/srv","tools":\#(tools),"type":"system","subtype":"init","session_id":"s"}"#
  }

  private nonisolated static func turn(_ functions: [String], schema: JSONValue? = nil) -> Turn {
    var turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/")
    turn.functions = functions.map { FunctionDeclaration(name: $0) }
    turn.outputSchema = schema
    return turn
  }

  /// What a turn makes of a line.
  private func error(_ turn: Turn, _ line: String) throws -> ClaudeError? {
    let bytes = Array(line.utf8)
    let message = StreamMessage(scanning: bytes.span)
    return turn.missingTool(try #require(message), bytes.span)
  }

  @Test(
    "a tool that is not in the list is named",
    arguments: [
      (turn(["f"]), #"["mcp__client__f","Bash"]"#, nil), (turn([]), "[]", nil),
      (turn([], schema: [:]), #"["StructuredOutput"]"#, nil),
      (turn(["f"]), "[]", "the function f"),
      (turn(["f", "g", "h"]), #"["mcp__client__f"]"#, "the function g and 1 more"),
      (turn(["f"]), #"["f","mcp__other__f","mcp__client__F"]"#, "the function f"),
      (turn([], schema: [:]), #"["Bash"]"#, "the answer"),
      (turn(["f"], schema: [:]), #"["StructuredOutput"]"#, "the function f"),
      (turn(["f"], schema: [:]), #"["mcp__client__f"]"#, "the answer"),
    ] as [(Turn, String, String?)])
  func missing(turn: Turn, tools: String, named: String?) throws {
    let expected = named.map {
      ClaudeError(.schemaRefused, "Claude Code does not accept the JSON schema of \($0)", reachedCLI: true)
    }
    #expect(try error(turn, Self.initLine(tools)) == expected)
  }

  @Test(
    "a line without a list proves nothing",
    arguments: [
      #"{"type":"system","subtype":"init","session_id":"s"}"#, initLine("null"), initLine(#"{"a":1}"#),
      #"{"type":"system","subtype":"status","tools":[]}"#,
    ])
  func noList(line: String) throws {
    #expect(try error(Self.turn(["f"], schema: [:]), line) == nil)
  }

  @Test("only turns with functions or a schema read the list")
  func needs() {
    #expect(!Self.turn([]).needsTools)
    #expect(Self.turn(["f"]).needsTools && Self.turn([], schema: [:]).needsTools)
  }

  @Test("a run whose function is missing is interrupted at once, and nothing of it is delivered")
  func interrupted() async throws {
    let harness = ExecutorHarness(
      StandInCLI.printing([Self.initLine("[]")] + CLILine.message("m", "a") + [CLILine.result("a")], in: directory),
      directory)
    var turn = harness.turn("p")
    turn.functions = [FunctionDeclaration(name: "f")]
    _ = try await harness.run(turn, recorder)
    let failure = await recorder.failure()
    #expect(failure?.kind == .schemaRefused)
    #expect(recorder.lines.isEmpty && recorder.outcomes.count == 1)
    await harness.settle()
  }

  @Test("a run whose tools are there goes on")
  func complete() async throws {
    let lines = [Self.initLine(#"["mcp__client__f","StructuredOutput"]"#), CLILine.result("a")]
    let harness = ExecutorHarness(StandInCLI.printing(lines, in: directory), directory)
    var turn = harness.turn("p")
    turn.functions = [FunctionDeclaration(name: "f")]
    turn.outputSchema = ["type": "object"]
    _ = try await harness.run(turn, recorder)
    let result = await recorder.result()
    #expect(result?.text == "a")
    #expect(recorder.lines == lines)
    await harness.settle()
  }
}
