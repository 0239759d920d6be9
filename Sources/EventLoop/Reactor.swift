/// The isolation of everything that lives on the event loop: connections, child processes, runs.
///
/// Code marked `@Reactor` runs on the loop's thread, one piece at a time, so plain classes need no locks. Calls between
/// two such pieces are ordinary synchronous calls.
@globalActor
public actor Reactor {
  public static let shared = Reactor()

  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe Loop.main.asUnownedSerialExecutor() }

  /// Runs `body` in this isolation from a place that the compiler cannot see to be on the loop's thread.
  /// Traps anywhere else.
  nonisolated static func assumeIsolated<Result: Sendable>(
    _ body: @Reactor () throws -> Result
  ) rethrows -> Result {
    shared.preconditionIsolated()
    return try withoutActuallyEscaping(body) { isolated in
      // Proof: the check above has passed, so dropping the isolation from the type cannot change where `body` runs;
      // the two function types have the same layout.
      let plain = unsafe unsafeBitCast(isolated, to: (() throws -> Result).self)
      return try plain()
    }
  }
}

extension Task where Failure == Never {
  /// Starts a task on the loop. What a handler starts runs within the same turn (Swift 6.3 enqueues it, immediate or
  /// not, because of the executor preference), and every resumption comes back to the loop without a detour over other
  /// threads.
  @Reactor
  @discardableResult
  public static func onLoop(_ body: @escaping @Reactor () async -> Success) -> Task<Success, Never>
  where Success: Sendable {
    Task.immediate(executorPreference: Loop.main) { @Reactor in await body() }
  }
}
