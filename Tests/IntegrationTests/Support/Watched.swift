import Synchronization

/// A value that changes, and that tasks wait on to become something.
final class Watched<Value: Sendable>: Sendable {
  struct TimeOut: Error, CustomStringConvertible {
    let description: String
  }

  private struct Waiter: Sendable {
    let check: @Sendable (Value) -> Bool
    let continuation: CheckedContinuation<Bool, Never>
    var timer: Task<Void, Never>?
  }

  private struct State: Sendable {
    var value: Value
    var waiters: [Int: Waiter] = [:]
    var lastID = 0
  }

  private let state: Mutex<State>

  init(_ value: Value) { state = Mutex(State(value: value)) }

  var value: Value { state.withLock { $0.value } }

  func update(_ change: @Sendable (inout Value) -> Void) {
    let ready = state.withLock { state in
      change(&state.value)
      let ready = state.waiters.filter { $0.value.check(state.value) }
      for id in ready.keys { state.waiters[id] = nil }
      return Array(ready.values)
    }
    for waiter in ready { Watched.finish(waiter, true) }
  }

  /// Waits until `check` holds, and returns the value as it is then.
  ///
  /// - Parameter what: what is waited for, in the error.
  /// - Throws: `TimeOut`.
  @discardableResult
  func wait(
    for what: String, within limit: Duration = .seconds(30), until check: @escaping @Sendable (Value) -> Bool
  ) async throws -> Value {
    let came = await withCheckedContinuation { continuation in
      guard let id = enqueue(Waiter(check: check, continuation: continuation)) else {
        return continuation.resume(returning: true)
      }
      arm(id, limit)
    }
    guard came else { throw TimeOut(description: "\(what) did not come within \(limit)") }
    return value
  }

  /// Nil when there is nothing to wait for.
  private func enqueue(_ waiter: Waiter) -> Int? {
    state.withLock { state in
      guard !waiter.check(state.value) else { return nil }
      state.lastID += 1
      state.waiters[state.lastID] = waiter
      return state.lastID
    }
  }

  private func arm(_ id: Int, _ limit: Duration) {
    let timer = Task {
      do { try await Task.sleep(for: limit) } catch { return }
      if let waiter = state.withLock({ $0.waiters.removeValue(forKey: id) }) { Watched.finish(waiter, false) }
    }
    let isWaiting = state.withLock { state in
      state.waiters[id]?.timer = timer
      return state.waiters[id] != nil
    }
    if !isWaiting { timer.cancel() }
  }

  private static func finish(_ waiter: Waiter, _ outcome: Bool) {
    waiter.timer?.cancel()
    waiter.continuation.resume(returning: outcome)
  }
}
