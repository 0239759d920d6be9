import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import ClaudeCode
@testable import Turns

@Reactor
@Suite(.bounded)
struct ParkedConversationsTests {
  private let parked = ParkedConversations()
  private let runs = RunBag()
  private let me = Principal.me
  private let key = ConversationKey(principal: "me", settings: []).appending(role: "user", text: "hi")

  private func waiting(for ids: String..., session: String = "s") -> Run {
    var turn = Turn(prompt: "p", session: .new(id: session), directory: "/")
    turn.functions = [FunctionDeclaration(name: "f")]
    let run = runs.keep(.idle(runs.scheduler, of: turn))
    let lines =
      [CLILine.messageStart("m")] + ids.flatMap { CLILine.callBlock("m", $0) }
      + [CLILine.messageDelta("tool_use"), CLILine.messageStop]
    for line in lines {
      let bytes = Array(line.utf8)
      let message = StreamMessage(scanning: bytes.span)
      if let message { run.processDidEmit(message, in: bytes.span) }
    }
    return run
  }

  private func results(_ ids: String...) -> [String: FunctionResult] {
    Dictionary(uniqueKeysWithValues: ids.map { ($0, FunctionResult([])) })
  }

  @Test("results find the run that waits for them, whatever else comes along")
  func found() {
    let run = waiting(for: "a", "b")
    #expect(run.openCalls == ["a", "b"])
    parked.park(run, at: key, me)
    #expect(parked.run(awaiting: results("b", "a"), at: key, me) === run)
    #expect(parked.run(awaiting: results("a", "b", "c"), at: key, me) === run)
  }

  @Test("another principal, another history or missing results do not find it")
  func notFound() {
    parked.park(waiting(for: "a", "b"), at: key, me)
    #expect(parked.run(awaiting: results("a", "b"), at: key, Principal(id: "you", name: "me")) == nil)
    #expect(parked.run(awaiting: results("a", "b"), at: key.appending(role: "user", text: "x"), me) == nil)
    #expect(parked.run(awaiting: results("a"), at: key, me) == nil)
    #expect(parked.run(awaiting: results("c"), at: key, me) == nil)
    #expect(parked.run(awaiting: [:], at: key, me) == nil)
  }

  @Test("of several runs at one position the one with the calls is found")
  func several() {
    let first = waiting(for: "a", session: "1")
    let second = waiting(for: "b", session: "2")
    parked.park(first, at: key, me)
    parked.park(second, at: key, me)
    #expect(parked.run(awaiting: results("b"), at: key, me) === second)
    #expect(parked.run(awaiting: results("a"), at: key, me) === first)
  }

  @Test("a resumed or ended run is not found, and parks again at its new position")
  func again() {
    let run = waiting(for: "a")
    parked.park(run, at: key, me)
    run.add(RunCollector(PlainEncoder()))
    #expect(run.claim())
    #expect(parked.run(awaiting: results("a"), at: key, me) == nil)
    run.resume(results("a"))
    #expect(parked.run(awaiting: results("a"), at: key, me) == nil)
    let ended = waiting(for: "b")
    parked.park(ended, at: key, me)
    ended.cancel()
    #expect(parked.run(awaiting: results("b"), at: key, me) == nil)
  }
}
