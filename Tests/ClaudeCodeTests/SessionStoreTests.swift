import EventLoop
import Synchronization
import System
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
struct SessionStoreTests {
  private static let start = ConversationKey(principal: "p", settings: [])

  private func record(_ id: String, at position: String? = nil, model: String? = nil) -> SessionRecord {
    var options = TurnOptions()
    options.model = model
    return SessionRecord(
      id: id, principal: "p", options: options, position: position.map { Self.start.appending(role: "user", text: $0) })
  }

  @Test("a session is found by id and by conversation position")
  func finding() {
    let store = SessionStore()
    store.save(record("a", at: "one"))
    #expect(store.record("a") == record("a", at: "one"))
    #expect(store.session(at: Self.start.appending(role: "user", text: "one"))?.id == "a")
    #expect(store.record("b") == nil)
    #expect(store.session(at: Self.start) == nil)
  }

  @Test("an advanced conversation is no longer found at its old position")
  func movingOn() {
    let store = SessionStore()
    store.save(record("a", at: "one"))
    store.save(record("a", at: "two", model: "opus"))
    #expect(store.session(at: Self.start.appending(role: "user", text: "one")) == nil)
    #expect(store.session(at: Self.start.appending(role: "user", text: "two"))?.options.model == "opus")
    #expect(store.count == 1)
    store.save(record("a"))
    #expect(store.session(at: Self.start.appending(role: "user", text: "two")) == nil)
    #expect(store.record("a") != nil)
  }

  @Test("a reserved session is not found by history until the reservation is undone")
  func claimed() {
    let store = SessionStore()
    let place = Self.start.appending(role: "user", text: "one")
    store.save(record("a", at: "one"))
    store.claim("a")
    #expect(store.session(at: place) == nil && store.record("a") == record("a", at: "one"))
    store.release("a")
    #expect(store.session(at: place)?.id == "a")
    store.claim("a")
    store.begin("a", for: "p", TurnOptions())
    store.release("a")
    #expect(store.session(at: place) == nil)
    store.claim("unknown")
    store.release("unknown")
  }

  @Test("of two sessions at one position the later is found, and the earlier one stays")
  func meeting() {
    let store = SessionStore()
    store.save(record("a", at: "one"))
    store.save(record("b", at: "one"))
    store.save(record("a", at: "two"))
    #expect(store.session(at: Self.start.appending(role: "user", text: "one"))?.id == "b")
  }

  @Test("a principal over its share evicts its own sessions")
  func shares() {
    let store = SessionStore(capacity: 20)
    store.begin("theirs", for: "you", TurnOptions())
    for number in 0..<100 { store.begin("\(number)", for: "me", TurnOptions()) }
    #expect(store.record("theirs") != nil)
    #expect(store.count <= 20)
    #expect(store.record("99") != nil)
  }

  @Test(
    "sessions over the capacity evict the least recently used tenth", arguments: [-1, 0, 1])
  func capacity(excess: Int) {
    let store = SessionStore(capacity: 20)
    for index in 0..<(20 + excess) {
      store.save(record("s\(index)", at: "p\(index)"))
      // The first stays in use.
      if index == 10 { store.save(record("s0", at: "p0")) }
    }
    let forgotten = excess > 0 ? ["s1", "s2"] : []
    #expect(store.count == 20 + excess - forgotten.count)
    #expect((0..<(20 + excess)).map { "s\($0)" }.filter { store.record($0) == nil } == forgotten)
    #expect(store.session(at: Self.start.appending(role: "user", text: "p0"))?.id == "s0")
    #expect((store.session(at: Self.start.appending(role: "user", text: "p1")) == nil) == (excess > 0))
  }

  @Test("the smallest store keeps the latest session")
  func smallest() {
    let store = SessionStore(capacity: 1)
    for id in ["a", "b", "c"] { store.save(record(id)) }
    #expect(store.count == 1)
    #expect(store.record("c") != nil)
  }

  // MARK: What becomes of a session

  /// A clock that moves on by a second with each look.
  private func ticking() -> @Sendable () -> Timestamp {
    let seconds = Lock(0)
    return {
      Timestamp(
        milliseconds: seconds.withLock {
          $0 += 1
          return $0 * 1000
        })
    }
  }

  private func end(_ store: SessionStore, _ id: String, _ outcome: ClaudeError.Kind?, cost: Double) {
    let run = Run.ended(of: id, outcome.map { ClaudeError($0, "x", reachedCLI: true) })
    store.turnDidEnd(run, cost: cost)
  }

  @Test("a session records its times, turns and cost")
  func account() throws {
    let store = SessionStore(clock: ticking())
    store.begin("a", for: "p", TurnOptions())
    end(store, "a", nil, cost: 0.25)
    var options = TurnOptions()
    options.model = "opus"
    store.begin("a", for: "p", options)
    // Where its run goes on.
    store.begin("a", for: "p", options)
    end(store, "a", .cancelled, cost: 0.5)
    var expected = SessionRecord(id: "a", principal: "p", options: options)
    (expected.created, expected.lastUsed) = (Timestamp(milliseconds: 1000), Timestamp(milliseconds: 5000))
    (expected.turns, expected.cost) = (2, 0.75)
    #expect(store.record("a") == expected)
  }

  @Test("a started turn clears the position, and its successful end sets a new one")
  func places() {
    let store = SessionStore()
    let key = Self.start.appending(role: "user", text: "one")
    store.begin("a", for: "p", TurnOptions())
    store.advance("a", to: key)
    #expect(store.session(at: key)?.id == "a")
    store.begin("a", for: "p", TurnOptions())
    #expect(store.session(at: key) == nil)
    store.advance("b", to: key)
    #expect(store.count == 1 && store.session(at: key) == nil)
  }

  @Test("a turn in a session unknown to the CLI undoes its start", arguments: [true, false])
  func unknown(isOld: Bool) {
    let store = SessionStore()
    let old = record("a", at: "one", model: "opus")
    if isOld { store.save(old) }
    store.begin("a", for: "p", TurnOptions())
    #expect(store.record("a") != old)
    end(store, "a", .sessionNotFound, cost: 0)
    #expect(store.record("a") == (isOld ? old : nil))
    #expect(store.session(at: Self.start.appending(role: "user", text: "one")) == (isOld ? old : nil))
    // Only what has begun can be taken back.
    end(store, "a", .sessionNotFound, cost: 0)
    #expect(store.count == (isOld ? 1 : 0))
  }

  @Test("a forgotten session has no position, and its turn's end does not restore it")
  func forgetting() {
    let store = SessionStore()
    store.save(record("a", at: "one"))
    store.begin("b", for: "p", TurnOptions())
    store.forget("a")
    store.forget("b")
    store.forget("c")
    #expect(store.count == 0)
    #expect(store.session(at: Self.start.appending(role: "user", text: "one")) == nil)
    end(store, "b", nil, cost: 1)
    end(store, "b", .sessionNotFound, cost: 1)
    #expect(store.count == 0)
  }

  @Test("a principal lists its own sessions, most recently used first")
  func listing() {
    let store = SessionStore()
    for (id, principal) in [("a", "p"), ("b", "q"), ("c", "p"), ("d", "p"), ("a", "p")] {
      store.begin(id, for: principal, TurnOptions())
    }
    #expect(store.ids(of: "p") == ["a", "d", "c"])
    #expect(store.ids(of: "q") == ["b"])
    #expect(store.ids(of: "r") == [])
  }
}

extension Run {
  /// A run of a session that has ended; with an answer where there is no error.
  @Reactor
  fileprivate static func ended(of session: String, _ error: ClaudeError?) -> Run {
    let turn = Turn(prompt: "p", session: .resume(id: session), directory: "/")
    let run = Run(
      turn, id: "r", sessionID: session, as: Fingerprint(turn, settingSources: nil), timeouts: RunTimeouts(),
      scheduler: ManualScheduler(), logger: .silent)
    if let error { run.fail(error) }
    return run
  }
}
