package import EventLoop

/// Bounds the bytes of inputs that wait without a waiting client: inputs of agents, and responses in the background.
/// One principal may hold half of them.
@Reactor
package final class InputBudget {
  /// Bytes of all waiting inputs: two of the largest, each as text and as its journal entry.
  package nonisolated static let usualLimit = 128 * 1024 * 1024

  private let limit: Int
  private var held: [String: Int] = [:]
  private var total = 0

  package init(limit: Int = InputBudget.usualLimit) { self.limit = limit }

  /// Reserves bytes for an input.
  ///
  /// - Returns: whether there is room; nothing is reserved if not.
  package func take(_ bytes: Int, for principal: String) -> Bool {
    let own = held[principal, default: 0] + bytes
    guard own <= limit / 2, total + bytes <= limit else { return false }
    held[principal] = own
    total += bytes
    return true
  }

  /// Releases reserved bytes.
  package func give(_ bytes: Int, of principal: String) {
    total -= bytes
    let rest = held[principal, default: 0] - bytes
    held[principal] = rest > 0 ? rest : nil
  }
}
