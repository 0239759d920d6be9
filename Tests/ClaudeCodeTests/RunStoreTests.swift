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
struct RunStoreTests {
  private func ended(_ harness: JournalHarness, _ text: String = "") -> RunJournal {
    let journal = harness.begin()
    harness.finish(journal, text)
    return journal
  }

  @Test("a principal lists its own runs, newest first")
  func own() {
    let harness = JournalHarness()
    let first = harness.begin(of: "me")
    _ = harness.begin(of: "you")
    let second = harness.begin(of: "me")
    #expect(harness.store.journals(of: "me").map(\.id) == [second.id, first.id])
    #expect(harness.store.journal(first.id) === first)
    #expect(harness.store.count == 3)
  }

  @Test("limit: retention of ended runs; running ones are kept")
  func retention() async throws {
    let limit = RunStore.Limits().retention
    let outcomes = try await LimitTable.row("retention of a run", limit) { offset in
      let harness = JournalHarness(RunStore.Limits())
      let live = harness.begin()
      let journal = ended(harness)
      harness.advance(by: limit + .milliseconds(offset))
      #expect(harness.store.journal(live.id) != nil)
      await nextTurn()
      await nextTurn()
      #expect((harness.storage.journals[journal.id] == nil) == (offset >= 0))
      return harness.store.journal(journal.id) == nil ? "forgotten" : "kept"
    }
    #expect(outcomes == ["kept", "forgotten", "forgotten"])
  }

  @Test("retention counts from a run's last end")
  func goneOn() {
    let harness = JournalHarness(RunStore.Limits())
    let journal = ended(harness)
    harness.advance(by: .seconds(3000))
    journal.take(input: EncodedJSON(["prompt": "more"]))
    harness.finish(journal)
    harness.advance(by: .seconds(3000))
    #expect(harness.store.journal(journal.id) != nil)
    harness.advance(by: .seconds(600))
    #expect(harness.store.journal(journal.id) == nil)
  }

  @Test("limit: bytes of all runs; the oldest ended run goes first")
  func total() async throws {
    var limits = JournalHarness.small
    let probe = JournalHarness()
    _ = ended(probe)
    let one = ended(probe, "x").length
    limits.total = 3 * one
    let outcomes = try await LimitTable.row("bytes of all runs (here)", limits.total) { offset in
      let harness = JournalHarness(limits)
      let first = ended(harness, "a")
      let second = ended(harness, "b")
      let third = harness.begin()
      let rest = one - third.length + offset
      let end = RunOutcome.parked.json(result: [], at: 0, RunJournal.Total()).encoded.count
      harness.emit(
        [CLILine.initLine + String(repeating: " ", count: rest - 2 * 9 - end - CLILine.initLine.utf8.count)], in: third)
      third.end(.parked)
      #expect(harness.store.journal(second.id) != nil && third.isComplete)
      return harness.store.journal(first.id) == nil ? "the first is gone" : "all are kept"
    }
    #expect(outcomes == ["all are kept", "all are kept", "the first is gone"])
    let harness = JournalHarness(limits)
    let live = harness.begin()
    let other = harness.begin()
    harness.emit([CLILine.text(String(repeating: "x", count: 3 * one))], in: live)
    #expect(!live.isComplete && other.isComplete)
    harness.finish(other)
    #expect(harness.store.journal(other.id) != nil)
  }

  @Test("the principal that holds the most makes room")
  func shares() {
    let probe = JournalHarness()
    _ = ended(probe)
    let one = ended(probe, "x").length
    var limits = JournalHarness.small
    limits.total = 4 * one + 50
    let harness = JournalHarness(limits)
    func finished(_ principal: String) -> RunJournal {
      let journal = harness.begin(of: principal)
      harness.finish(journal, "x")
      return journal
    }
    let theirs = finished("you")
    let mine = (0..<5).map { _ in finished("me") }
    #expect(harness.store.journal(theirs.id) != nil)
    #expect(mine.map { harness.store.journal($0.id) != nil } == [false, false, true, true, true])
    // A run under way of the one that holds the most is not kept at the expense of others.
    for journal in mine { harness.store.remove(journal) }
    let live = harness.begin(of: "me")
    harness.emit([CLILine.text(String(repeating: "x", count: 5 * one))], in: live)
    #expect(!live.isComplete)
    #expect(harness.store.journal(theirs.id) != nil)
    live.cancel()
  }

  @Test("the longest live journal of the principal that holds the most makes room for another principal")
  func liveShares() {
    let probe = JournalHarness()
    let one = ended(probe, "x").length
    var limits = JournalHarness.small
    limits.total = 10 * one
    let harness = JournalHarness(limits)
    let kept = harness.begin(of: "you")
    let short = harness.begin(of: "me")
    let long = harness.begin(of: "me")
    harness.emit([CLILine.text(String(repeating: "x", count: 2 * one))], in: short)
    harness.emit([CLILine.text(String(repeating: "x", count: 4 * one))], in: long)
    harness.emit([CLILine.text(String(repeating: "x", count: 3 * one))], in: kept)
    #expect([kept, short, long].map(\.isComplete) == [true, true, false])
    for journal in [kept, short, long] { journal.cancel() }
  }

  @Test("ended runs leave memory under pressure and can still be replayed")
  func memory() async {
    var limits = JournalHarness.small
    limits.memory = 2000
    let harness = JournalHarness(limits, isDurable: false)
    let journals = (0..<50).map { ended(harness, "run \($0)") }
    await until { harness.store.kept <= limits.memory }
    #expect(harness.store.kept <= limits.memory)
    for (index, journal) in journals.enumerated() {
      let recorder = RunRecorder()
      _ = journal.add(recorder)
      #expect(await recorder.result()?.text == "run \(index)")
      #expect(await journal.request().flatMap(RunDescription.request) == ["n": JSONValue(index + 1)])
    }
  }

  @Test("a removed run is cancelled and gone")
  func removed() async {
    let harness = JournalHarness()
    let journal = harness.begin()
    var hasEnded = false
    let run = JournalHarness.run(harness.scheduler) { hasEnded = true }
    run.add(journal)
    journal.follow(run)
    let recorder = RunRecorder()
    _ = journal.add(recorder)
    harness.store.remove(journal)
    #expect(hasEnded && harness.store.count == 0)
    #expect(await recorder.failure()?.kind == .cancelled)
    await nextTurn()
    await nextTurn()
    #expect(harness.storage.journals.isEmpty)
  }
}

/// Journals whose checksums are right and whose contents are not.
@Reactor
@Suite(.bounded)
struct ForgedJournalTests {
  /// What a killed server has left, with one value in the place of each number.
  private func recovered(_ number: String) throws -> RecoveredJournal {
    let total =
      #"{"turns":\#(number),"cost":\#(number),"input_tokens":\#(number),"cache_read_input_tokens":\#(number),"#
      + #""output_tokens":\#(number)}"#
    let first = #"{"id":"a","surface":"agent","principal":"me","created_at":\#(number),"request":{}}"#
    let result =
      #"{"type":"result","subtype":"success","num_turns":\#(number),"total_cost_usd":\#(number),"#
      + #""api_error_status":\#(number),"usage":{"input_tokens":\#(number),"output_tokens":\#(number)}}"#
    let last = #"{"outcome":"result","at":\#(number),"cost":\#(number),"result":\#(result),"total":\#(total)}"#
    return RecoveredJournal(
      name: "a", length: 100, first: Array(first.utf8), lastKind: JournalEntry.ended.rawValue, last: Array(last.utf8),
      noted: Array(#"{"session":"s","total":\#(total)}"#.utf8))
  }

  @Test(
    "extreme numbers in a journal prevent neither recovery nor another turn",
    arguments: ["-9223372036854775808", "9223372036854775807", "1e308", "1e400", "-1e400", "0.5", "-1"])
  func numbers(number: String) async throws {
    let harness = JournalHarness()
    harness.advance(by: .seconds(1))
    harness.storage.recovered = [try recovered(number)]
    #expect(try await harness.store.load() == 1)
    let journal = try #require(harness.store.journal("a"))
    #expect((0...JSONValue.maximumCount).contains(journal.createdAt))
    #expect((0...1000).contains(try #require(journal.endedAt)))
    _ = Timestamp(milliseconds: journal.createdAt).iso8601
    journal.take(input: EncodedJSON(["prompt": "more"]))
    harness.finish(journal)
    #expect((1...(JSONValue.maximumCount + 1)).contains(journal.total.turns))
    #expect(journal.total.cost.isFinite)
    #expect(try JSONValue(parsing: journal.total.json.encoded).object != nil)
  }

  @Test("a journal without a run's description is set aside")
  func undescribed() async throws {
    let harness = JournalHarness()
    let found = try recovered("1")
    harness.storage.recovered = [
      RecoveredJournal(
        name: "b", length: 9, first: Array("{}".utf8), lastKind: 1, last: Array("{}".utf8), noted: nil), found,
    ]
    #expect(try await harness.store.load() == 1)
    #expect(harness.storage.setAside == ["b"])
  }
}

/// Runs that outlive the server.
@Reactor
@Suite(.bounded)
struct RecoveredRunTests {
  private let directory = TemporaryDirectory()

  private func store(_ scheduler: ManualScheduler = ManualScheduler(), at milliseconds: Int = 0) -> RunStore {
    RunStore(
      limits: JournalHarness.small, storage: JournalDirectory(path: "\(directory.path)/runs"), isDurable: true,
      scheduler: scheduler, clock: { Timestamp(milliseconds: milliseconds) }, logger: .silent)
  }

  private func begin(_ store: RunStore, _ id: String) -> RunJournal {
    let journal = store.begin(
      RunDescription(id: id, surface: "agent", principal: "me", requestID: "req", createdAt: 7),
      JournaledRequest(EncodedJSON(["model": "m"])), isKept: true)
    let run = JournalHarness.run(ManualScheduler())
    run.add(journal)
    journal.follow(run)
    for word in 0..<50 { run.emit([CLILine.text("word \(word)")]) }
    return journal
  }

  @Test("finished runs replay in full; unfinished ones replay up to the crash and end as interrupted")
  func killed() async throws {
    let first = store()
    let finished = begin(first, "finished")
    let line = Array(CLILine.result("done").utf8)
    let (scanned, read) = (StreamMessage(scanning: line.span), TurnResult(line.span))
    let (message, result) = (try #require(scanned), try #require(read))
    finished.run(JournalHarness.run(ManualScheduler()), didReceive: message, in: line.span)
    finished.end(.result(result.withCost(0.25)))
    let unfinished = begin(first, "unfinished")
    await first.flush()
    #expect(unfinished.state == .running)

    let second = store(at: 1000)
    #expect(try await second.load() == 2)
    let (one, two) = (RunRecorder(), RunRecorder())
    let kept = try #require(second.journal("finished"))
    _ = kept.add(one)
    #expect(await one.result()?.totalCost == 0.25)
    #expect(one.lines.count == 51 && one.lines.last == CLILine.result("done"))
    #expect(kept.principal == "me" && kept.surface == "agent" && kept.createdAt == 7 && kept.sessionID == "s")
    #expect(await kept.request().flatMap(RunDescription.request) == ["model": "m"])
    let broken = try #require(second.journal("unfinished"))
    _ = broken.add(two)
    #expect(await two.failure() == .interrupted)
    #expect(two.lines == (0..<50).map { CLILine.text("word \($0)") })
    #expect(broken.state == .ended(.interrupted) && broken.endedAt == 1000)
    await second.flush()

    // A third life finds what the second has said of it.
    let third = store(at: 5000)
    #expect(try await third.load() == 2)
    #expect(third.journal("unfinished")?.endedAt == 1000)
    await third.flush()
    // The first life's run holds its observers until it ends.
    unfinished.cancel()
    await first.flush()
  }

  @Test("recovered runs expire by the time of their end")
  func expired() async throws {
    let first = store()
    begin(first, "a").end(.failed(.interrupted))
    await first.flush()
    let scheduler = ManualScheduler()
    let second = store(scheduler, at: 3_599_000)
    _ = try await second.load()
    scheduler.advance(by: .milliseconds(999))
    #expect(second.count == 1)
    scheduler.advance(by: .milliseconds(1))
    #expect(second.count == 0)
  }

  @Test("a recovered run can take another turn")
  func goesOn() async throws {
    let first = store()
    begin(first, "a").end(.failed(.interrupted))
    await first.flush()
    let second = store()
    _ = try await second.load()
    let journal = try #require(second.journal("a"))
    journal.take(input: EncodedJSON(["prompt": "more"]))
    journal.end(.failed(ClaudeError(.budget, "x", reachedCLI: true)))
    let recorder = RunRecorder()
    _ = journal.add(recorder)
    #expect(await recorder.failure()?.kind == .budget)
    #expect(recorder.lines.count == 50 && recorder.inputs == [["prompt": "more"]])
    await second.flush()
  }
}
