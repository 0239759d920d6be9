import Bytes
import ClaudeCode
import Crypto
public import EventLoop
import HTTP
import HTTPServer
import Identity

/// Recognises a request that is sent again while its first answer is under way, or was just given: client libraries do so
/// by themselves when they have waited too long, and the agent must not run twice.
@Reactor
public final class RepeatedRequests {
  public struct Limits: Sendable, Equatable {
    /// Bytes of lines kept of one run.
    public var run = 8 * 1024 * 1024
    /// Bytes of lines kept of all runs; the oldest are forgotten first.
    public var total = 64 * 1024 * 1024
    /// How long after its end a run can be repeated.
    public var window: Duration = .seconds(60)

    public init() {}
  }

  private struct Entry {
    let key: RequestKey
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

  /// The run that was started for the same request; nil for a new request.
  func recording(of key: RequestKey) -> RunRecording? { entries.last { $0.key == key }?.recording }

  /// Keeps what `run` says, in case its request comes again.
  ///
  /// - Parameter isWholeTurn: whether the request has begun the turn.
  func record(_ run: Run, isWholeTurn: Bool, in journal: RunJournal? = nil, for key: RequestKey) {
    let recording = RunRecording(run, isWholeTurn: isWholeTurn, journal: journal, capacity: limits.run) { [weak self] in
      self?.recordingEnded($0)
    }
    entries.append(Entry(key: key, recording: recording))
    run.add(recording)
    while entries.reduce(0, { $0 + $1.recording.kept }) > limits.total { entries.removeFirst() }
  }

  private func recordingEnded(_ recording: RunRecording) {
    if recording.mayRunAgain { return entries.removeAll { $0.recording === recording } }
    _ = scheduler.schedule(after: limits.window) { [weak self] in
      self?.entries.removeAll { $0.recording === recording }
    }
  }
}

/// Whose request it is, and what it says: equal for a request and its repetition.
struct RequestKey: Hashable, Sendable {
  private let principal: String
  private let identity: [UInt8]
  /// Whether the client says that it has sent this before, or might.
  let isRepeated: Bool

  /// Nil for a client that does not repeat requests by itself.
  init?(_ request: HTTPRequest, _ principal: Principal) {
    guard request.head.isOfRepeatingClient else { return nil }
    self.principal = principal.id
    let given = request.head.fields["idempotency-key"]
    identity = SHA256.hash(
      (Array("\(request.head.path)\n\(given ?? "")\n".utf8) + (given == nil ? request.body : [])).span)
    isRepeated = given != nil || (request.head.fields["x-stainless-retry-count"].flatMap { Int($0) } ?? 0) > 0
  }

  static func == (left: RequestKey, right: RequestKey) -> Bool {
    left.principal == right.principal && left.identity == right.identity
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(principal)
    hasher.combine(identity)
  }
}
