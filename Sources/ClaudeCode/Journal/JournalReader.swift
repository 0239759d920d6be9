import Bytes
public import EventLoop
import Storage

/// Delivers a journal to one observer, at the observer's pace: past events from the storage or from memory, new ones
/// directly.
@Reactor
public final class JournalReader: RunSource {
  private let journal: RunJournal
  private let observer: any RunObserver
  /// Where in the journal the next record begins.
  private var offset = 0
  /// Entries that are not delivered, because the observer has them.
  private var skipped: Int
  /// Whether it waits for new events at the end.
  private let follows: Bool
  /// Records to deliver next, and where in the journal they begin.
  private var page: [UInt8] = []
  private var pageStart = 0
  private var isReading = false
  private var isDelivering = false
  private var isOver = false
  private var hasEnded = false
  private var waiting: CheckedContinuation<Bool, Never>?

  init(_ journal: RunJournal, _ observer: any RunObserver, skipping skipped: Int, follows: Bool) {
    self.journal = journal
    self.observer = observer
    self.skipped = skipped
    self.follows = follows
  }

  var keepsRun: Bool { follows && observer.keepsRun }

  // MARK: RunSource

  public func remove(_ observer: any RunObserver) {
    isOver = true
    journal.remove(self)
  }

  public func observerDidDrain() { pump() }

  public func cancel() { journal.cancel() }

  // MARK: Delivering

  /// Delivers as much as there is and the observer takes.
  func pump() {
    guard !isReading, !isDelivering else { return }
    isDelivering = true
    defer { isDelivering = false }
    while !isOver, !observer.isCongested {
      guard offset < journal.length else { return caughtUp() }
      guard turnPage() else { return readStored() }
      deliverNext()
    }
  }

  /// Whether the next record is in memory.
  private func turnPage() -> Bool {
    if offset < pageStart + page.count { return true }
    guard let page = journal.log.page(from: offset) else { return false }
    (self.page, pageStart) = (page, offset)
    return true
  }

  private func deliverNext() {
    let page = self.page
    guard
      case .record(let kind, let payload) = JournalRecord.find(in: page.span, at: offset - pageStart, checks: false)
    else { return lose() }
    offset = pageStart + payload.upperBound
    if payload.upperBound == page.count { self.page = [] }
    if let entry = JournalEntry(rawValue: kind) { deliver(entry, page.span.extracting(payload), nil) }
  }

  /// A record was appended. A reader that is up to date delivers it at once.
  func journalDidGrow(
    _ place: Range<Int>, _ entry: JournalEntry, _ payload: Span<UInt8>, _ message: StreamMessage?
  ) {
    guard follows, !isOver, !isReading, !isDelivering, offset == place.lowerBound, !observer.isCongested else { return }
    offset = place.upperBound
    isDelivering = true
    deliver(entry, payload, message)
    isDelivering = false
    // More may have come meanwhile.
    if offset < journal.length { pump() }
  }

  private func deliver(_ entry: JournalEntry, _ payload: Span<UInt8>, _ message: StreamMessage?) {
    switch entry {
    case .begun, .started: break
    case .line:
      guard takes(), let message = message ?? StreamMessage(scanning: payload) else { return }
      observer.run(self, didReceive: message, in: payload)
    case .question:
      guard takes(), let question = (try? JSONValue(parsing: payload)).flatMap(PermissionQuestion.init) else { return }
      observer.run(self, didAsk: question)
    case .input:
      if takes() { observer.run(self, didTake: payload) }
    case .ended:
      // If records follow, it was only the end of a turn.
      guard offset == journal.length, !journal.isExpectingMore else { return }
      guard let outcome = (try? JSONValue(parsing: payload)).flatMap(RunOutcome.init) else { return lose() }
      if case .parked = outcome, journal.survivesParking { return }
      finish(outcome)
    }
  }

  private func takes() -> Bool {
    guard skipped > 0 else { return true }
    skipped -= 1
    return false
  }

  private func caughtUp() {
    guard !follows else { return }
    isOver = true
    journal.detach(self)
    resume()
  }

  /// - Parameter isLost: whether the run continues without this reader.
  private func finish(_ outcome: RunOutcome, isLost: Bool = false) {
    isOver = true
    hasEnded = true
    if isLost { journal.remove(self) } else { journal.detach(self) }
    observer.run(self, didEnd: outcome)
    resume()
  }

  private func lose() {
    finish(
      .failed(ClaudeError(.failed, "The events of this run are no longer kept", reachedCLI: true)), isLost: true)
  }

  // MARK: Reading

  private func readStored() {
    isReading = true
    Task.onLoop { [self] in
      let records = await journal.log.stored(from: offset)
      isReading = false
      guard !isOver else { return }
      if let records, !records.isEmpty {
        (page, pageStart) = (records, offset)
        pump()
      } else if journal.log.page(from: offset) != nil {
        pump()
      } else {
        lose()
      }
    }
  }

  // MARK: Waiting

  /// For a reader that does not follow: returns when it has delivered what there is.
  ///
  /// - Returns: whether the run has ended.
  func ended() async -> Bool {
    pump()
    return await withCheckedContinuation { continuation in
      if isOver { continuation.resume(returning: hasEnded) } else { waiting = continuation }
    }
  }

  private func resume() {
    waiting?.resume(returning: hasEnded)
    waiting = nil
  }
}
