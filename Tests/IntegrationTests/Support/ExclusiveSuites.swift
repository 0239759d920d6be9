import Testing

/// Keeps what measures time apart from what makes the machine busy: most suites run beside each other, some alone.
actor ExclusiveSuites {
  static let shared = ExclusiveSuites()

  private var players = 0
  private var isTaken = false
  private var waiting: [(isAlone: Bool, continuation: CheckedContinuation<Void, Never>)] = []

  func enter(alone: Bool) async {
    await withCheckedContinuation { continuation in
      waiting.append((alone, continuation))
      admit()
    }
  }

  func leave(alone: Bool) {
    if alone { isTaken = false } else { players -= 1 }
    admit()
  }

  private func admit() {
    guard !isTaken else { return }
    let companions = waiting.filter { !$0.isAlone }
    waiting.removeAll { !$0.isAlone }
    players += companions.count
    for companion in companions { companion.continuation.resume() }
    guard players == 0, !waiting.isEmpty else { return }
    isTaken = true
    waiting.removeFirst().continuation.resume()
  }
}

struct ExclusiveSuiteTrait: SuiteTrait, TestScoping {
  let isAlone: Bool

  @concurrent
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    await ExclusiveSuites.shared.enter(alone: isAlone)
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await function())
    } catch {
      outcome = .failure(error)
    }
    await ExclusiveSuites.shared.leave(alone: isAlone)
    try outcome.get()
  }
}

extension Trait where Self == ExclusiveSuiteTrait {
  /// The suite runs while no other integration suite does.
  static var alone: ExclusiveSuiteTrait { ExclusiveSuiteTrait(isAlone: true) }
  /// The suite runs beside others.
  static var beside: ExclusiveSuiteTrait { ExclusiveSuiteTrait(isAlone: false) }
}
