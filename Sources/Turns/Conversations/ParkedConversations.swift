package import ClaudeCode
package import EventLoop
package import Identity

/// The positions of the conversations of parked runs. A request that brings results must have the same history as the
/// run: with another history it belongs to another conversation.
@Reactor
package final class ParkedConversations {
  private struct Entry {
    let run: Run
    let principal: String
    let key: ConversationKey
  }

  private var entries: [Entry] = []

  /// The run waits for calls that it made after this position.
  package func park(_ run: Run, at key: ConversationKey, _ principal: Principal) {
    // Each run is listed once, and only while it waits.
    entries.removeAll { $0.run === run || $0.run.openCalls.isEmpty }
    entries.append(Entry(run: run, principal: principal.id, key: key))
  }

  /// The run that waits for exactly these results.
  ///
  /// - Parameter key: the position before the calls.
  package func run(awaiting results: [String: FunctionResult], at key: ConversationKey, _ principal: Principal) -> Run?
  {
    guard !results.isEmpty else { return nil }
    return entries.first { entry in
      let open = entry.run.openCalls
      return entry.principal == principal.id && entry.key == key && !open.isEmpty
        && open.allSatisfy { results[$0] != nil }
    }?.run
  }
}
