import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Storage
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode
@testable import Turns

/// Responses that are kept, and gone on from.
@Reactor
@Suite(.bounded)
struct StoredResponsesTests {
  private let directory = TemporaryDirectory()
  private let store: RunStore
  private let responses: StoredResponses
  private let me = Principal.me
  private let scheduler = ManualScheduler()

  init() {
    store = RunStore(
      storage: JournalDirectory(path: "\(directory.path)/runs"), isDurable: false, scheduler: scheduler,
      clock: { Timestamp(milliseconds: 0) }, logger: .silent)
    responses = StoredResponses(store)
  }

  /// A response to `input`, with what the CLI has said.
  private func keep(_ id: String, _ fields: String, _ lines: [String], isOver: Bool = true) throws {
    let body = try object("{\(fields)}")
    let record = ResponsesRecord(try ResponsesRequest(body), isWholeTurn: true, functions: [], maximumCalls: .max)
    let request = ResponsesRecord.journaled(body)
    record.finish(request)
    let journal = store.begin(
      RunDescription(id: id, surface: "response", principal: me.id, requestID: "q", createdAt: 1000), request,
      isKept: true)
    let run = Run.idle(scheduler)
    for line in lines {
      let bytes = Array(line.utf8)
      guard let message = StreamMessage(scanning: bytes.span) else { continue }
      journal.run(run, didReceive: message, in: bytes.span)
      if isOver, let result = TurnResult(bytes.span) { journal.run(run, didEnd: .result(result)) }
    }
  }

  private func answer(_ text: String) -> [String] { CLILine.message("m", text) + [CLILine.result(text)] }

  private func refusal(_ attempt: () async throws -> Void) async -> String? {
    do {
      try await attempt()
      return nil
    } catch let error as RequestError {
      return "\(error.status) \(error.param ?? "-") \(error.code ?? "-")"
    } catch {
      return "\(error)"
    }
  }

  @Test("a conversation is restored from its responses, with the options given last")
  func chain() async throws {
    try keep("resp_a", #""input":"one","workspace":"demo","effort":"low""#, answer("first"))
    try keep("resp_b", #""input":"two","previous_response_id":"resp_a","effort":"high""#, answer("second"))
    let earlier = try await responses.conversation(upTo: "resp_b", for: me)
    let (messages, options) = (earlier.messages, earlier.options)
    #expect(
      messages == [
        ChatMessage(role: .user, text: "one"), ChatMessage(role: .assistant, text: "first"),
        ChatMessage(role: .user, text: "two"), ChatMessage(role: .assistant, text: "second"),
      ])
    #expect(options.workspace == "demo" && options.effort == .high)
    let nothing = try await responses.conversation(upTo: nil, for: me)
    #expect(nothing.messages.isEmpty)
  }

  @Test("an unfinished, foreign or deleted response cannot be continued")
  func refused() async throws {
    try keep("resp_a", #""input":"one""#, [CLILine.messageStart("m")], isOver: false)
    #expect(
      await refusal { _ = try await responses.conversation(upTo: "resp_a", for: me) }
        == "400 previous_response_id previous_response_not_complete")
    for (id, principal) in [("resp_a", Principal.you), ("resp_x", me)] {
      #expect(
        await refusal { _ = try await responses.conversation(upTo: id, for: principal) }
          == "400 previous_response_id previous_response_not_found")
      #expect(
        await refusal { _ = try responses.journal(id, for: principal) } == "404 response_id response_not_found")
    }
  }

  @Test("limit: item references")
  func references() async throws {
    try keep("resp_a", #""input":"one""#, answer("first"))
    let item = try ResponsesInputItem(["type": "item_reference", "id": "msg_a_0"], at: "input[0]")
    let outcomes = try await LimitTable.row("references of a response", StoredResponses.maximumReferences) { offset in
      let items = Array(repeating: item, count: StoredResponses.maximumReferences + offset)
      var told = 0
      let refused = await refusal { told = try await responses.messages(of: items, for: me).count }
      #expect(told == (refused == nil ? items.count : 0))
      return refused ?? "taken"
    }
    #expect(outcomes == ["taken", "taken", "400 input -"])
    for id in ["msg_a_1", "msg_b_0", "rs_a_0", "nothing"] {
      let item = try ResponsesInputItem(["type": "item_reference", "id": .string(id)], at: "input[0]")
      #expect(
        await refusal { _ = try await responses.messages(of: [item], for: me) } == "400 input item_not_found")
    }
  }
}
