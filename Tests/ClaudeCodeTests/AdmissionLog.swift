import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

/// Notes in order who was let in where turns wait, and who was sent away and why.
@Reactor
final class AdmissionLog {
  private(set) var entries: [String] = []

  nonisolated init() {}

  /// Returns when `attempt` waits or has its answer.
  @discardableResult
  func note(
    _ name: String, _ attempt: @escaping @Reactor () async throws(ClaudeError) -> Void
  ) async -> Task<Void, Never> {
    var hasBegun = false
    let task = Task.onLoop { [self] in
      hasBegun = true
      do throws(ClaudeError) {
        try await attempt()
        entries.append("\(name) in")
      } catch {
        entries.append("\(name) \(error.kind)")
      }
    }
    await until { hasBegun }
    await nextTurn()
    return task
  }
}
