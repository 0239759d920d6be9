import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Storage
import StorageTestSupport
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct RunJournalTests {
  private let harness = JournalHarness()
  private let words = (0..<40).map { CLILine.text("word \($0)") }
  private var result: String { CLILine.result("done") }

  // MARK: Watching

  @Test("all subscribers get the same events, whenever they connect")
  func replayed() async {
    let journal = harness.begin()
    let early = RunRecorder()
    _ = journal.add(early)
    var others: [RunRecorder] = []
    for word in words {
      harness.emit([word], in: journal)
      let late = RunRecorder()
      _ = journal.add(late)
      others.append(late)
      await nextTurn()
    }
    harness.finish(journal, "done")
    let last = RunRecorder()
    _ = journal.add(last)
    for recorder in [early, last] + others {
      #expect(await recorder.result()?.text == "done")
      #expect(recorder.lines == words + [result])
      #expect(recorder.outcomes.count == 1)
    }
    #expect(harness.storage.reads > 0)
    #expect(journal.kept <= JournalHarness.small.journal.memory + JournalHarness.small.journal.segment)
  }

  @Test("resuming after any entry yields the same events as an uninterrupted stream")
  func resumed() async {
    let journal = harness.begin()
    harness.emit(words, in: journal)
    harness.finish(journal, "done")
    let all = words + [result]
    for cut in 0...all.count {
      let rest = RunRecorder()
      _ = journal.add(rest, skipping: cut)
      #expect(await rest.result()?.text == "done")
      #expect(rest.lines == Array(all[cut...]))
    }
  }

  @Test("a stalled subscriber catches up later and delays nobody")
  func stalled() async {
    let journal = harness.begin()
    let (slow, quick) = (RunRecorder(), RunRecorder())
    slow.isCongested = true
    let reader = journal.add(slow)
    _ = journal.add(quick)
    for word in words {
      harness.emit([word], in: journal)
      await nextTurn()
    }
    #expect(quick.lines == words)
    #expect(slow.lines.isEmpty && !journal.isCongested)
    slow.isCongested = false
    reader.observerDidDrain()
    await slow.lines(words.count)
    #expect(slow.lines == words)
    harness.finish(journal)
    #expect(slow.outcomes.count == 1 && slow.lines.count == words.count + 1)
  }

  @Test("subscribers that pause at random miss nothing and get nothing twice", arguments: 0..<20)
  func stopAndGo(seed: UInt64) async {
    var random = SeededGenerator(seed: seed)
    let journal = harness.begin()
    let recorders = (0..<4).map { _ in RunRecorder() }
    let readers = recorders.map { journal.add($0) }
    for word in words {
      harness.emit([word], in: journal)
      for (recorder, reader) in zip(recorders, readers) {
        recorder.isCongested = Bool.random(using: &random)
        if !recorder.isCongested { reader.observerDidDrain() }
      }
      if Bool.random(using: &random) { await nextTurn() }
    }
    harness.finish(journal, "done")
    for (recorder, reader) in zip(recorders, readers) {
      recorder.isCongested = false
      reader.observerDidDrain()
      #expect(await recorder.result()?.text == "done")
      #expect(recorder.lines == words + [result])
    }
  }

  @Test("a replay returns the stored events and whether they are complete")
  func told() async {
    let journal = harness.begin()
    harness.emit(words, in: journal)
    let before = RunRecorder()
    #expect(await journal.replay(to: before) == false)
    #expect(before.lines == words && before.outcomes.isEmpty)
    harness.finish(journal)
    let after = RunRecorder()
    #expect(await journal.replay(to: after))
    #expect(after.lines == words + [CLILine.result()] && after.outcomes.count == 1)
  }

  @Test("requests, failures and parking are replayed as they happened", arguments: [true, false])
  func others(isLive: Bool) async {
    let journal = harness.begin()
    let recorder = RunRecorder()
    if isLive { _ = journal.add(recorder) }
    let run = JournalHarness.run(harness.scheduler)
    let question = PermissionQuestion(["tool_name": "Bash", "input": ["command": "ls"]], requestID: "q")
    if let question { journal.run(run, didAsk: question) }
    let error = ClaudeError(.upstream(status: 529), "busy", reachedCLI: true)
    journal.run(run, didEnd: .failed(error))
    if !isLive { _ = journal.add(recorder) }
    #expect(recorder.questions == [question])
    #expect(recorder.outcomes == [.failed(error)])
    #expect(journal.state == .ended(error))
  }

  @Test("a turn's end is not the journal's end if another turn follows")
  func turns() async {
    let journal = harness.begin()
    let recorder = RunRecorder()
    _ = journal.add(recorder)
    journal.isExpectingMore = true
    harness.finish(journal, "one")
    #expect(recorder.outcomes.isEmpty)
    journal.take(input: EncodedJSON(["prompt": "more"]))
    journal.isExpectingMore = false
    harness.finish(journal, "two")
    #expect(await recorder.result()?.text == "two")
    let late = RunRecorder()
    _ = journal.add(late)
    #expect(await late.result()?.text == "two")
    #expect(late.lines == [CLILine.result("one"), CLILine.result("two")])
    #expect(late.inputs == [["prompt": "more"]])
  }

  // MARK: Keeping the run

  @Test("a run without subscribers is cancelled unless it is kept", arguments: [true, false])
  func left(isKept: Bool) {
    let journal = harness.begin(isKept: isKept)
    var hasEnded = false
    let run = JournalHarness.run(harness.scheduler) { hasEnded = true }
    run.add(journal)
    journal.follow(run)
    let (first, second) = (RunRecorder(), RunRecorder())
    let readers = [journal.add(first), journal.add(second)]
    readers[0].remove(first)
    #expect(!hasEnded)
    readers[1].remove(second)
    #expect(hasEnded == !isKept)
    #expect(first.outcomes.isEmpty && second.outcomes.isEmpty)
    run.cancel()
    guard case .ended(.some(let error)) = journal.state else {
      Issue.record("the journal is \(journal.state)")
      return
    }
    #expect(error.kind == .cancelled)
  }

  @Test("a run with other observers continues without subscribers")
  func observedElsewhere() {
    let journal = harness.begin(isKept: false)
    var hasEnded = false
    let run = JournalHarness.run(harness.scheduler) { hasEnded = true }
    let (elsewhere, watcher) = (RunRecorder(), RunRecorder())
    run.add(journal)
    run.add(elsewhere)
    journal.follow(run)
    journal.add(watcher).remove(watcher)
    #expect(!hasEnded)
    run.remove(elsewhere)
    #expect(hasEnded)
  }

  @Test("a parked run continues in an agent's journal to its end", arguments: [true, false])
  func waiting(goesOn: Bool) async {
    let journal = harness.begin(survivesParking: true)
    let run = JournalHarness.run(harness.scheduler, asks: true)
    let recorder = RunRecorder()
    run.add(journal)
    journal.follow(run)
    _ = journal.add(recorder)
    run.emit([CLILine.messageStart("m"), CLILine.question("1"), CLILine.messageStop])
    #expect(journal.state == .parked && journal.endedAt != nil)
    #expect(recorder.questions.map(\.callID) == ["approve_1"] && recorder.outcomes.isEmpty)
    if goesOn {
      run.add(journal)
      journal.follow(run)
      run.resume(["approve_1": FunctionResult([.text("allow")])], [])
      #expect(journal.state == .running && journal.endedAt == nil)
      run.emit([CLILine.text("x")])
      #expect(recorder.lines.filter { $0 == CLILine.text("x") }.count == 1)
      run.cancel()
    } else {
      journal.cancel()
    }
    #expect(await recorder.failure()?.kind == .cancelled)
    #expect(recorder.outcomes.count == 1)
    harness.advance(by: RunStore.Limits().retention)
    #expect(harness.store.count == 0)
  }

  @Test("a parked run has ended in a response's journal")
  func parked() async {
    let journal = harness.begin()
    let run = JournalHarness.run(harness.scheduler, asks: true)
    let recorder = RunRecorder()
    run.add(journal)
    journal.follow(run)
    _ = journal.add(recorder)
    run.emit([CLILine.messageStart("m"), CLILine.question("1"), CLILine.messageStop])
    #expect(journal.state == .ended(nil) && recorder.outcomes == [.parked])
    run.cancel()
    #expect(journal.state == .ended(nil) && recorder.outcomes == [.parked])
    harness.advance(by: RunStore.Limits().retention)
    #expect(harness.store.count == 0)
  }

  // MARK: The disk

  @Test("the run pauses while the disk is behind")
  func slowDisk() async throws {
    var limits = JournalHarness.small
    limits.journal.unwritten = 2000
    let outcomes = try await LimitTable.row("unwritten bytes of a journal", limits.journal.unwritten) { offset in
      let harness = JournalHarness(limits)
      harness.storage.isHeld = true
      let journal = harness.begin()
      let line = CLILine.text("x")
      harness.emit([line], in: journal)
      let rest = limits.journal.unwritten + offset - journal.length - JournalRecord.headerLength
      harness.emit([line + String(repeating: " ", count: rest - line.utf8.count)], in: journal)
      let wasCongested = journal.isCongested
      await nextTurn()
      harness.storage.isHeld = false
      await until { !journal.isCongested }
      await journal.log.flush()
      #expect(harness.storage.journals[journal.id]?.count == journal.length)
      return wasCongested ? "waits" : "goes on"
    }
    #expect(outcomes == ["goes on", "goes on", "waits"])
  }

  @Test("records are written soon, not one write per line")
  func delay() async throws {
    let limit = RunJournal.Limits().delay
    let outcomes = try await LimitTable.row("delay of a journal's records", limit) { offset in
      let harness = JournalHarness(RunStore.Limits())
      let journal = harness.begin()
      harness.emit(words, in: journal)
      harness.advance(by: limit + .microseconds(offset))
      await nextTurn()
      await nextTurn()
      return harness.storage.journals[journal.id]?.count == journal.length ? "written" : "waits"
    }
    #expect(outcomes == ["waits", "written", "written"])
  }

  @Test("a failing disk loses the past of a run, not the run")
  func brokenDisk() async {
    harness.storage.isBroken = true
    let journal = harness.begin()
    let early = RunRecorder()
    _ = journal.add(early)
    for word in words {
      harness.emit([word], in: journal)
      await nextTurn()
    }
    #expect(!journal.isComplete && !journal.isCongested)
    let late = RunRecorder()
    _ = journal.add(late)
    #expect(await late.failure()?.message == "The events of this run are no longer kept")
    harness.finish(journal, "done")
    #expect(early.lines == words + [result] && early.outcomes.count == 1)
    #expect(journal.kept <= JournalHarness.small.journal.memory + 2 * JournalHarness.small.journal.segment)
  }

  @Test("without durability nothing is written while memory suffices")
  func inMemory() async {
    let harness = JournalHarness(RunStore.Limits(), isDurable: false)
    let journal = harness.begin()
    harness.emit(words, in: journal)
    harness.finish(journal)
    await nextTurn()
    #expect(harness.storage.journals.isEmpty)
    #expect(await journal.request().flatMap(RunDescription.request) == ["n": 1])
    let recorder = RunRecorder()
    _ = journal.add(recorder)
    #expect(recorder.lines.count == words.count + 1)
  }
}
