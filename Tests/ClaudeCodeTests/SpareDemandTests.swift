import ClaudeCodeTestSupport
import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct SpareDemandTests {
  private func fingerprint(_ index: Int) -> Fingerprint {
    Fingerprint(Turn(prompt: "", session: .new(id: "s"), directory: "/\(index)"), settingSources: nil)
  }

  @Test("limit: remembered demands; the least recently used is forgotten")
  func capacity() async throws {
    let limit = PoolLimits().fingerprints
    let outcomes = try await LimitTable.row("fingerprints in use", limit) { offset in
      var demand = SpareDemand(capacity: limit)
      var forgotten: [Fingerprint] = []
      for index in 0..<(limit + offset) { forgotten += demand.note(fingerprint(index)) }
      return "\(demand.recent.count) kept, without \(forgotten.map(\.directory))"
    }
    #expect(outcomes == ["7 kept, without []", "8 kept, without []", #"8 kept, without ["/0"]"#])
  }

  @Test("the latest demand comes first, each once")
  func order() {
    var demand = SpareDemand(capacity: 2)
    #expect(demand.isEmpty)
    for index in [1, 2, 1] { #expect(demand.note(fingerprint(index)).isEmpty) }
    #expect(demand.recent == [fingerprint(1), fingerprint(2)])
    #expect(demand.note(fingerprint(3)) == [fingerprint(2)])
    #expect(demand.recent == [fingerprint(3), fingerprint(1)])
  }

  @Test("a forgotten demand can return")
  func forgetting() {
    var demand = SpareDemand(capacity: 2)
    _ = demand.note(fingerprint(1))
    demand.forget(fingerprint(2))
    #expect(demand.recent == [fingerprint(1)])
    demand.forget(fingerprint(1))
    #expect(demand.isEmpty)
    #expect(demand.note(fingerprint(1)).isEmpty)
    #expect(demand.recent == [fingerprint(1)])
  }
}
