public import ClaudeCode
public import EventLoop

/// The models that requests may name at the moment: those of the server's table, and of the CLI's account.
@Reactor
public final class ModelDirectory {
  private let base: ModelCatalog
  private let account: AccountModels?
  public private(set) var catalog: ModelCatalog

  /// - Parameter account: nil for the table alone.
  public init(_ base: ModelCatalog, account: AccountModels? = nil) {
    self.base = base
    self.account = account
    catalog = base
    account?.onChange = { [weak self] in self?.complete() }
    complete()
  }

  private func complete() {
    guard let account else { return }
    catalog = base.completed(with: account.models, account.contextLengths)
  }
}
