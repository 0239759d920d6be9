import Bytes
import Storage
import TestSupport
import Testing

@testable import ClaudeCode

struct JournalEntryTests {
  private static let kinds: [ClaudeError.Kind] = [
    .cliNotFound, .cannotStart, .exhausted, .workspaceUnusable, .refused, .sessionNotFound, .sessionInUse, .sessionBusy,
    .overloaded, .upstream(status: 529), .totalTimeout, .inactivityTimeout, .lost, .empty, .diverged, .maxTurns,
    .budget,
    .failed, .cancelled, .interrupted,
  ]

  private func result(of line: String) throws -> TurnResult {
    let bytes = Array(line.utf8)
    let result = TurnResult(bytes.span)
    return try #require(result)
  }

  private func kept(_ outcome: RunOutcome, line: String = "") -> RunOutcome? {
    RunOutcome(outcome.json(result: Array(line.utf8), at: 7, RunJournal.Total()))
  }

  @Test("errors survive encoding and decoding, each with its own name")
  func errors() {
    for kind in Self.kinds {
      for reached in [true, false] {
        let error = ClaudeError(kind, "why \"not\"", reachedCLI: reached)
        #expect(kept(.failed(error)) == .failed(error))
      }
    }
    #expect(Set(Self.kinds.map(\.name)).count == Self.kinds.count)
    #expect(ClaudeError(["kind": "of magic", "message": "x"]) == nil)
    #expect(ClaudeError(["kind": "upstream", "message": "x"]) == nil)
  }

  @Test("results are decoded with the turn's cost; parked outcomes as such")
  func outcomes() throws {
    let line = CLILine.result("done", more: #","total_cost_usd":3"#)
    let result = try result(of: line).withCost(0.125)
    #expect(kept(.result(result), line: line) == .result(result))
    #expect(kept(.parked) == .parked)
    #expect(RunOutcome(["outcome": "else"]) == nil)
  }

  @Test("descriptions and requests survive encoding and decoding")
  func description() throws {
    let description = RunDescription(
      id: "i", surface: "agent", principal: "p", requestID: "q", createdAt: 5, survivesParking: true)
    let request = JournaledRequest { $0.append(#"{"a":"#) }
    request.append(Array("[1]}".utf8))
    let payload = request.record(of: description).dropFirst(JournalRecord.headerLength)
    #expect(RunDescription(try JSONValue(parsing: Array(payload))) == description)
    #expect(RunDescription.request(in: payload) == ["a": [1]])
    #expect(RunDescription(["id": "i"]) == nil)
    let question = try #require(PermissionQuestion(["tool_name": "Bash", "input": ["x": 1]], requestID: "7"))
    #expect(PermissionQuestion(question.json) == question)
  }

  @Test("totals are summed and survive encoding and decoding")
  func total() throws {
    var total = RunJournal.Total()
    let usage = #","usage":{"input_tokens":1,"cache_read_input_tokens":2,"output_tokens":3}"#
    let result = try result(of: CLILine.result("x", more: usage)).withCost(0.5)
    total.add(.result(result))
    total.add(.parked)
    total.add(.failed(.interrupted))
    total.add(.result(result))
    #expect(total.turns == 2 && total.cost == 1 && total.usage.prompt == 6 && total.usage.output == 6)
    #expect(RunJournal.Total(total.json) == total)
  }
}
