import TestSupport
import Testing

@testable import ClaudeCode

@Suite(.bounded)
struct CostStateTests {
  @Test(
    "the last cost entry counts; without one the cost is zero",
    arguments: [
      ([], 0), ([#"{"type":"user"}"#], 0), ([#"{"type":"cost-state","sessionId":"s","totalCostUSD":6e-05}"#], 6e-05),
      (
        [#"{"type":"cost-state","totalCostUSD":1}"#, #"{"type":"cost-state","totalCostUSD":2.5}"#, #"{"type":"x"}"#],
        2.5
      ),
      ([#"{"type":"cost-state","totalCostUSD":1}"#, #"{"type":"cost-state","totalCo"#], 1),
      ([#"{"type":"cost-state"}"#], 0),
    ] as [([String], Double)])
  func last(lines: [String], cost: Double) {
    #expect(CostState.last(in: Array(lines.joined(separator: "\n").utf8)) == cost)
  }

  @Test("a session without a transcript has no cost")
  func missing() async {
    let location = TranscriptLocation(configuration: "/nowhere", directory: "/w", sessionID: "s")
    #expect(await CostState.last(in: location) == 0)
  }
}
