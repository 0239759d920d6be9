/// Notifies everything that works on a request, once, that it was cancelled.
@Reactor
public final class CancellationSignal {
  public private(set) var isCancelled = false
  private var actions: [Int: @Reactor () -> Void] = [:]
  private var nextToken = 0

  public init() {}

  /// Calls `action` on cancellation; at once if it was cancelled before.
  ///
  /// - Returns: a token for `forget`.
  @discardableResult
  public func whenCancelled(_ action: @escaping @Reactor () -> Void) -> Int {
    guard !isCancelled else {
      action()
      return -1
    }
    nextToken += 1
    actions[nextToken] = action
    return nextToken
  }

  /// The action of `token` will not be called.
  public func forget(_ token: Int) { actions[token] = nil }

  public func cancel() {
    guard !isCancelled else { return }
    isCancelled = true
    let pending = actions.sorted { $0.key < $1.key }
    actions = [:]
    for (_, action) in pending { action() }
  }

  /// Drops all actions: what they would cancel has ended.
  public func forgetAll() { actions = [:] }
}
