import EventLoop

/// A queue of waiting callers, in the order they came, each with a timeout and a cancellation.
@Reactor
final class WaitQueue {
  @Reactor
  private final class Place {
    /// The owner of the place; empty where that does not matter.
    let owner: String
    private let cancellation: CancellationSignal
    private let resume: @Reactor (Result<Void, ClaudeError>) -> Void
    var timer: (any ScheduledTimer)?
    var token = -1

    init(
      _ owner: String, _ cancellation: CancellationSignal,
      _ resume: @escaping @Reactor (Result<Void, ClaudeError>) -> Void
    ) {
      self.owner = owner
      self.cancellation = cancellation
      self.resume = resume
    }

    func end(_ outcome: Result<Void, ClaudeError>) {
      timer?.cancel()
      cancellation.forget(token)
      resume(outcome)
    }
  }

  private var places: [Place] = []
  private let scheduler: any Scheduler

  init(_ scheduler: any Scheduler) { self.scheduler = scheduler }

  var count: Int { places.count }

  /// Waits at the end of a queue until `admitNext` reaches this place.
  ///
  /// - Parameters:
  ///   - owner: the owner of the place, for `admitNext(by:)`.
  ///   - late: makes the error that is thrown when `timeout` is over.
  ///   - line: called when the wait begins; nil means that there is nothing to wait for any more.
  /// - Throws: `cancelled` after a cancellation.
  static func wait(
    timeout: Duration, cancellation: CancellationSignal, owner: String = "",
    late: @escaping @Reactor () -> ClaudeError, in line: () -> WaitQueue?
  ) async throws(ClaudeError) {
    let outcome: Result<Void, ClaudeError> = await withCheckedContinuation { continuation in
      // Called in here: what was waited for may have happened before the continuation existed.
      guard let line = line() else { return continuation.resume(returning: .success(())) }
      line.join(owner, timeout, cancellation, late) { continuation.resume(returning: $0) }
    }
    try outcome.get()
  }

  private func join(
    _ owner: String, _ timeout: Duration, _ cancellation: CancellationSignal,
    _ late: @escaping @Reactor () -> ClaudeError, _ resume: @escaping @Reactor (Result<Void, ClaudeError>) -> Void
  ) {
    let place = Place(owner, cancellation, resume)
    places.append(place)
    place.timer = scheduler.schedule(after: timeout) { [weak self] in self?.dismiss(place, late()) }
    place.token = cancellation.whenCancelled { [weak self] in
      self?.dismiss(place, .callerLeft)
    }
  }

  private func dismiss(_ place: Place, _ error: ClaudeError) {
    guard let index = places.firstIndex(where: { $0 === place }) else { return }
    places.remove(at: index).end(.failure(error))
  }

  /// Admits the first in the queue.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  func admitNext() -> Bool {
    guard !places.isEmpty else { return false }
    places.removeFirst().end(.success(()))
    return true
  }

  /// How many places each owner has.
  var counts: [String: Int] { places.reduce(into: [:]) { $0[$1.owner, default: 0] += 1 } }

  /// Admits the place whose owner has the lowest rank; among equals, the first in the queue.
  ///
  /// - Parameter mayEnter: whether the owner may be admitted.
  /// - Returns: the owner; nil if nobody waits who may.
  func admitNext(where mayEnter: (String) -> Bool = { _ in true }, by rank: (String) -> (Int, Int)) -> String? {
    let ranks = places.map { rank($0.owner) }
    let open = places.indices.filter { mayEnter(places[$0].owner) }
    guard let index = open.min(by: { ranks[$0] < ranks[$1] }) else { return nil }
    let place = places.remove(at: index)
    place.end(.success(()))
    return place.owner
  }

  /// Refuses the newest place of an owner.
  func dismissNewest(of owner: String, _ error: ClaudeError) {
    guard let place = places.last(where: { $0.owner == owner }) else { return }
    dismiss(place, error)
  }

  /// Refuses all places.
  func dismissAll(_ error: ClaudeError) {
    let dismissed = places
    places = []
    for place in dismissed { place.end(.failure(error)) }
  }
}
