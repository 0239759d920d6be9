import EventLoop
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

  @Test("a session is found by its id and by where its conversation stands")
  func finding() {
    let store = SessionStore()
    store.save(record("a", at: "one"))
    #expect(store.record("a") == record("a", at: "one"))
    #expect(store.session(at: Self.start.appending(role: "user", text: "one"))?.id == "a")
    #expect(store.record("b") == nil)
    #expect(store.session(at: Self.start) == nil)
  }

  @Test("when its conversation goes on, the old place leads nowhere")
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

  @Test("of two sessions at one place the later is found, and the earlier does not take it along when it leaves")
  func meeting() {
    let store = SessionStore()
    store.save(record("a", at: "one"))
    store.save(record("b", at: "one"))
    store.save(record("a", at: "two"))
    #expect(store.session(at: Self.start.appending(role: "user", text: "one"))?.id == "b")
  }

  @Test(
    "up to the capacity everything is kept; beyond it the tenth that was longest unused goes", arguments: [-1, 0, 1])
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
}
