import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
struct RunRegistryTests {
  private func run(_ id: String, in session: String) -> Run {
    let turn = Turn(prompt: "p", session: .new(id: session), directory: "/")
    return Run(
      turn, id: id, sessionID: session, as: Fingerprint(turn, settingSources: nil), timeouts: RunTimeouts(),
      scheduler: ManualScheduler(), logger: .silent)
  }

  @Test("a run is found by id and by session until it is removed")
  func found() {
    var registry = RunRegistry()
    let (one, two) = (run("1", in: "a"), run("2", in: "b"))
    registry.add(one)
    registry.add(two)
    #expect(registry["1"] === one && registry.run(in: "b") === two && registry.count == 2)
    #expect(registry["3"] == nil && registry.run(in: "c") == nil)
    #expect(registry.remove("1") === one && registry.remove("1") == nil)
    #expect(registry["1"] == nil && registry.run(in: "a") == nil && !registry.isEmpty)
    #expect(registry.remove("2") === two && registry.isEmpty)
  }

  @Test("a run that moves to another session frees its old one")
  func moved() {
    var registry = RunRegistry()
    let (one, two) = (run("1", in: "a"), run("2", in: "a"))
    registry.add(one)
    one.fallBack(to: [.text("p")], in: "b")
    registry.move(one, from: "a")
    #expect(registry.run(in: "a") == nil && registry.run(in: "b") === one)
    registry.add(two)
    #expect(registry.remove("1") === one)
    #expect(registry.run(in: "a") === two && registry.run(in: "b") == nil)
  }

  @Test("an earlier run's end does not hide the session's next run")
  func followed() {
    var registry = RunRegistry()
    let (one, two) = (run("1", in: "a"), run("2", in: "a"))
    registry.add(one)
    registry.add(two)
    #expect(registry.remove("1") === one)
    #expect(registry.run(in: "a") === two)
  }
}
