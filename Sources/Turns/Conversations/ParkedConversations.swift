import Bytes
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
    let calls: CallOrder
  }

  private var entries: [Entry] = []

  /// The run waits for calls that it made after this position.
  ///
  /// - Parameter calls: in the order of the answer.
  package func park(_ run: Run, at key: ConversationKey, calls: [ChatToolCall] = [], _ principal: Principal) {
    // Each run is listed once, and only while it waits.
    entries.removeAll { $0.run === run || $0.run.openCalls.isEmpty }
    entries.append(Entry(run: run, principal: principal.id, key: key, calls: CallOrder(calls)))
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

  /// Results under the ids that a parked run waits for. Some clients give calls ids of their own: the same calls in the
  /// same order at the same position are the run's.
  ///
  /// - Parameters:
  ///   - calls: those that the results answer, as the client has them.
  ///   - key: the position before the calls.
  /// - Returns: the results unchanged, if no run waits for the same calls under other ids.
  package func renamed(
    _ results: [String: FunctionResult], of calls: CallOrder, at key: ConversationKey, _ principal: Principal
  ) -> [String: FunctionResult] {
    guard !calls.ids.isEmpty, Set(calls.ids).count == calls.ids.count, Set(results.keys) == Set(calls.ids) else {
      return results
    }
    let found = entries.first { entry in
      entry.principal == principal.id && entry.key == key && entry.calls.content == calls.content
        && !entry.run.openCalls.isEmpty
    }
    guard let found, found.calls.ids != calls.ids else { return results }
    var renamed: [String: FunctionResult] = [:]
    for (own, theirs) in zip(found.calls.ids, calls.ids) { renamed[own] = results[theirs] }
    return renamed
  }
}

/// The calls of one answer: their ids, and what they are apart from these.
package struct CallOrder: Sendable, Equatable {
  package let ids: [String]
  /// A hash of the names and arguments, in order.
  package let content: ConversationKey

  package init(_ calls: [ChatToolCall]) {
    ids = calls.map(\.id)
    content = ConversationKey(principal: "", settings: calls.flatMap { [$0.name, $0.input.text] })
  }
}
