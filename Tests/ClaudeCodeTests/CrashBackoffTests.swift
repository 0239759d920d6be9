import Testing

@testable import ClaudeCode

struct CrashBackoffTests {
  private let start = ContinuousClock.now

  @Test("each consecutive crash doubles the delay up to the maximum")
  func doubling() {
    var backoff = CrashBackoff(longest: .seconds(30))
    #expect(backoff.rest(at: start) == .zero)
    let rests = (0..<6).map { _ in backoff.noteCrash(at: start) }
    #expect(rests == [2, 4, 8, 16, 30, 30].map { .seconds($0) })
    #expect(backoff.count == 6 && backoff.rest(at: start + .seconds(29)) == .seconds(1))
    #expect(backoff.rest(at: start + .seconds(30)) == .zero && backoff.rest(at: start + .seconds(31)) < .zero)
  }

  @Test("a success resets the series and does not end the current delay")
  func success() {
    var backoff = CrashBackoff(longest: .seconds(30))
    _ = backoff.noteCrash(at: start)
    _ = backoff.noteCrash(at: start)
    backoff.noteSuccess()
    #expect(backoff.count == 0 && backoff.rest(at: start) == .seconds(4))
    #expect(backoff.noteCrash(at: start) == .seconds(2))
  }
}
