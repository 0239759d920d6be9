import EventLoop

/// The table of limits. A test that tries a limit prints its row: what came of one below it, of the limit itself and of
/// one above.
public enum LimitTable {
  /// Tries all three.
  ///
  /// - Parameter attempt: takes the distance from the limit, and returns what came of it in a word or two.
  /// - Returns: what came of each, in that order.
  @Reactor
  public static func row<Outcome: Sendable>(
    _ name: String, _ value: some Sendable, _ attempt: @Reactor (_ offset: Int) async throws -> Outcome
  ) async throws -> [Outcome] {
    var outcomes: [Outcome] = []
    for offset in [-1, 0, 1] { outcomes.append(try await attempt(offset)) }
    let column = name + String(repeating: " ", count: max(0, 36 - name.count))
    print("limit \(column) \(value): -1 → \(outcomes[0]), 0 → \(outcomes[1]), +1 → \(outcomes[2])")
    return outcomes
  }
}
