import EventLoop
import HTTP

/// Bounds the bytes of request bodies that the server holds at the same time, in all and for each account.
@Reactor
final class BodyBudget {
  private let total: Int
  private(set) var used = 0
  private var accounts: [String: Int] = [:]

  init(total: Int) { self.total = total }

  /// One account may hold half of it, so that something is always left for the others.
  private var perAccount: Int { total / 2 }

  /// - Parameter account: nil for a request without one; then only the total counts.
  /// - Throws: `HTTPError` 503 if there is not that much left; nothing is taken then.
  func take(_ count: Int, for account: String?) throws(HTTPError) {
    guard used + count <= total else { throw BodyBudget.overloaded("the server", total) }
    if let account {
      let own = accounts[account, default: 0] + count
      guard own <= perAccount else { throw BodyBudget.overloaded("one key", perAccount) }
      accounts[account] = own
    }
    used += count
  }

  func giveBack(_ count: Int, for account: String?) {
    used -= count
    guard let account, let own = accounts[account] else { return }
    accounts[account] = own > count ? own - count : nil
  }

  private static func overloaded(_ holder: String, _ limit: Int) -> HTTPError {
    HTTPError(
      .serviceUnavailable, type: "server_error", code: "overloaded",
      message: "Too many request bodies at the same time (\(holder) takes \(limit) bytes)",
      headers: [HTTPResponseHead.Field(name: "retry-after", value: "1")])
  }
}

/// The part of the budget that one body holds.
@Reactor
final class BodyShare {
  private let budget: BodyBudget
  private let account: String?
  private var count = 0

  init(_ budget: BodyBudget, account: String?) {
    self.budget = budget
    self.account = account
  }

  /// - Throws: `HTTPError` 503 if there is not that much left.
  func grow(by more: Int) throws(HTTPError) {
    try budget.take(more, for: account)
    count += more
  }

  /// Gives everything back. Harmless afterwards.
  func release() {
    budget.giveBack(count, for: account)
    count = 0
  }
}
