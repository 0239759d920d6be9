import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

@Reactor
@Suite(.bounded)
struct InputBudgetTests {
  @Test("limits: bytes of inputs that wait, per principal and in all")
  func limits() async throws {
    let limit = InputBudget.usualLimit
    let own = try await LimitTable.row("bytes of waiting inputs, one principal", limit / 2) { offset in
      InputBudget().take(limit / 2 + offset, for: "me") ? "taken" : "refused"
    }
    #expect(own == ["taken", "taken", "refused"])
    let all = try await LimitTable.row("bytes of waiting inputs", limit) { offset in
      let budget = InputBudget()
      #expect(budget.take(limit / 2, for: "a") && budget.take(limit / 2 - 10, for: "b"))
      return budget.take(10 + offset, for: "c") ? "taken" : "refused"
    }
    #expect(all == ["taken", "taken", "refused"])
  }

  @Test("released bytes can be taken again, and a rejection takes none")
  func givingBack() {
    let budget = InputBudget(limit: 20)
    #expect(budget.take(10, for: "a"))
    #expect(!budget.take(1, for: "a"))
    budget.give(10, of: "a")
    #expect(budget.take(10, for: "a"))
    #expect(budget.take(10, for: "b"))
  }
}
