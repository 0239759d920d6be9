package import EventLoop

/// The bytes of inputs that wait for their turn while no client waits for them: what is said to agents, and responses in the
/// background. One principal holds at most half of what there may be.
@Reactor
package final class InputBudget {
  /// Bytes of all inputs that wait: two of the largest, each held as text and as what the journal will say of it.
  package nonisolated static let usualLimit = 128 * 1024 * 1024

  private let limit: Int
  private var held: [String: Int] = [:]
  private var total = 0

  package init(limit: Int = InputBudget.usualLimit) { self.limit = limit }

  /// Takes a share for an input.
  ///
  /// - Returns: whether there is room; nothing is taken if not.
  package func take(_ bytes: Int, for principal: String) -> Bool {
    let own = held[principal, default: 0] + bytes
    guard own <= limit / 2, total + bytes <= limit else { return false }
    held[principal] = own
    total += bytes
    return true
  }

  /// Gives back what was taken.
  package func give(_ bytes: Int, of principal: String) {
    total -= bytes
    let rest = held[principal, default: 0] - bytes
    held[principal] = rest > 0 ? rest : nil
  }
}
