import Bytes
package import ClaudeCode
import Crypto
public import EventLoop
package import Identity

/// Recognises a request that is retried while its first run is under way or has just ended: client libraries retry by
/// themselves after a timeout, and the agent must not run twice.
@Reactor
public final class IdempotencyCache {
  public struct Limits: Sendable, Equatable {
    /// Bytes of lines kept of one run.
    public var run = 8 * 1024 * 1024
    /// Bytes of lines kept of all runs. The principal that holds the most loses its oldest first.
    public var total = 64 * 1024 * 1024
    /// How long after its end a run can be replayed.
    public var window: Duration = .seconds(60)

    public init() {}
  }

  private struct Entry {
    let key: IdempotencyKey
    let recording: RunRecording
  }

  private let limits: Limits
  private let scheduler: any Scheduler
  /// The oldest first.
  private var entries: [Entry] = []

  public init(limits: Limits = Limits(), scheduler: any Scheduler = Loop.main) {
    self.limits = limits
    self.scheduler = scheduler
  }

  /// The run of the same request; nil for a new request.
  ///
  /// - Throws: `RequestError` 422 for another request with the same idempotency key.
  package func recording(of key: IdempotencyKey) throws -> RunRecording? {
    guard let entry = entries.last(where: { $0.key == key }) else { return nil }
    guard entry.key.body == key.body else {
      throw RequestError(
        422, type: "invalid_request_error", code: "idempotency_key_reused", param: "idempotency-key",
        message: "This idempotency key was used for a request with another body")
    }
    return entry.recording
  }

  /// Records the events of `run`, in case its request is retried.
  ///
  /// - Parameter isWholeTurn: whether the request began the turn.
  package func record(_ run: Run, isWholeTurn: Bool, in journal: RunJournal? = nil, for key: IdempotencyKey) {
    let recording = RunRecording(
      run, isWholeTurn: isWholeTurn, journal: journal, capacity: limits.run,
      onGrowth: { [weak self] in self?.makeRoom() }
    ) { [weak self] in
      self?.recordingEnded($0)
    }
    entries.append(Entry(key: key, recording: recording))
    run.add(recording)
    makeRoom()
  }

  private func makeRoom() {
    var held: [String: Int] = [:]
    for entry in entries { held[entry.key.principal, default: 0] += entry.recording.kept }
    var total = held.values.reduce(0, +)
    while total > limits.total {
      let heaviest = held.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
      guard let index = entries.firstIndex(where: { $0.key.principal == heaviest && $0.recording.kept > 0 }) else {
        return
      }
      let gone = entries.remove(at: index)
      total -= gone.recording.kept
      held[gone.key.principal, default: 0] -= gone.recording.kept
      gone.recording.discard()
    }
  }

  private func recordingEnded(_ recording: RunRecording) {
    if recording.mayRunAgain { return entries.removeAll { $0.recording === recording } }
    _ = scheduler.schedule(after: limits.window) { [weak self] in
      self?.entries.removeAll { $0.recording === recording }
    }
  }
}

/// The principal and content of a request: equal for a request and its retry.
package struct IdempotencyKey: Hashable, Sendable {
  package let principal: String
  /// A hash of the path and the idempotency key, or of the path and the body if there is no key.
  private let identity: [UInt8]
  /// A hash of the body.
  package let body: [UInt8]
  /// Whether the client marks the request as a retry, or may retry it.
  package let isRepeated: Bool

  /// - Parameters:
  ///   - endpoint: the path of the request.
  ///   - body: the request's body, as received.
  ///   - given: the client's idempotency key; nil if it sent none.
  ///   - isRetry: whether the client marks the request as a retry.
  package init(endpoint: String, body: [UInt8], given: String?, isRetry: Bool, _ principal: Principal) {
    self.principal = principal.id
    self.body = SHA256.hash(body.span)
    identity = SHA256.hash((Array("\(endpoint)\n\(given ?? "")\n".utf8) + (given == nil ? self.body : [])).span)
    isRepeated = given != nil || isRetry
  }

  package static func == (left: IdempotencyKey, right: IdempotencyKey) -> Bool {
    left.principal == right.principal && left.identity == right.identity
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(principal)
    hasher.combine(identity)
  }
}
