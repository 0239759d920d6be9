import Bytes
public import EventLoop
import Storage

/// Tells one observer what stands in a journal, at the observer's pace: from the storage or from memory what has been,
/// and directly what comes.
@Reactor
public final class JournalReader: RunSource {
  private let journal: RunJournal
  private let observer: any RunObserver
  /// Where in the journal the next record begins.
  private var offset = 0
  /// Entries that the observer is not told, for it knows them.
  private var skipped: Int
  /// Whether it goes on when it has told what there is.
  private let follows: Bool
  /// Records that are told next, and where in the journal they begin.
  private var page: [UInt8] = []
  private var pageStart = 0
  private var isReading = false
  private var isTelling = false
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

  // MARK: Telling

  /// Tells as much as there is, and as the observer takes.
  func pump() {
    guard !isReading, !isTelling else { return }
    isTelling = true
    defer { isTelling = false }
    while !isOver, !observer.isCongested {
      guard offset < journal.length else { return caughtUp() }
      guard turnPage() else { return readStored() }
      tellNext()
    }
  }

  /// Whether the next record is at hand.
  private func turnPage() -> Bool {
    if offset < pageStart + page.count { return true }
    guard let page = journal.page(from: offset) else { return false }
    (self.page, pageStart) = (page, offset)
    return true
  }

  private func tellNext() {
    let page = self.page
    guard
      case .record(let kind, let payload) = JournalRecord.find(in: page.span, at: offset - pageStart, checks: false)
    else { return lose() }
    offset = pageStart + payload.upperBound
    if payload.upperBound == page.count { self.page = [] }
    if let entry = JournalEntry(rawValue: kind) { tell(entry, page.span.extracting(payload), nil) }
  }

  /// A record has come: the reader that has told all before it tells it as it is.
  func journalDidGrow(
    from place: Int, to end: Int, _ entry: JournalEntry, _ payload: Span<UInt8>, _ message: StreamMessage?
  ) {
    guard follows, !isOver, !isReading, !isTelling, offset == place, !observer.isCongested else { return }
    offset = end
    isTelling = true
    tell(entry, payload, message)
    isTelling = false
    // While it was told, more may have come.
    if offset < journal.length { pump() }
  }

  private func tell(_ entry: JournalEntry, _ payload: Span<UInt8>, _ message: StreamMessage?) {
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
      // An end that others follow was only a turn's.
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

  /// - Parameter isLost: whether the run goes on without this reader.
  private func finish(_ outcome: RunOutcome, isLost: Bool = false) {
    isOver = true
    hasEnded = true
    if isLost { journal.remove(self) } else { journal.detach(self) }
    observer.run(self, didEnd: outcome)
    resume()
  }

  private func lose() {
    finish(
      .failed(ClaudeError(.failed, "What the run has said is not kept any more", reachedCLI: true)), isLost: true)
  }

  // MARK: Reading

  private func readStored() {
    isReading = true
    Task.onLoop { [self] in
      let records = await journal.stored(from: offset)
      isReading = false
      guard !isOver else { return }
      if let records, !records.isEmpty {
        (page, pageStart) = (records, offset)
        pump()
      } else if journal.page(from: offset) != nil {
        pump()
      } else {
        lose()
      }
    }
  }

  // MARK: Waiting

  /// For a reader that does not follow: returns when it has told what there is.
  ///
  /// - Returns: whether that was all.
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
