import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import ClaudeCode
@testable import Turns

/// Which session or run a conversation's request continues.
@Reactor
@Suite(.bounded)
struct ConversationsTests {
  private let harness = FactoryHarness()
  private let conversations: Conversations
  private let runs = RunBag()
  private nonisolated static let id = "aaaaaaaa-2222-4333-8444-555555555555"

  init() {
    conversations = Conversations(turns: harness.factory, retryTimeout: .seconds(5))
  }

  private func plan(
    _ messages: ChatMessage..., tools: ChatTools? = nil, format: AnswerForm = .text,
    options: TurnOptions = TurnOptions(), header: String? = nil, for principal: Principal = .me
  ) async throws -> ConversationPlan {
    let request = try ConversationRequest(
      messages: messages, tools: try tools ?? ChatTools([], choice: .auto, areParallel: true), format: format,
      options: options, at: "messages")
    return try await conversations.plan(
      request, try ChatConversation(request, for: principal, harness.factory.policy), for: .of(principal),
      headerSession: header)
  }

  private func user(_ text: String) -> ChatMessage { ChatMessage(role: .user, text: text) }
  private func assistant(_ text: String) -> ChatMessage { ChatMessage(role: .assistant, text: text) }

  private func turn(_ plan: ConversationPlan) throws -> Turn {
    guard case .turn(let turn) = plan.work else { throw TestFailure(description: "the work is \(plan.work)") }
    return turn
  }

  private struct TestFailure: Error { let description: String }

  /// Ends the plan's turn with this answer.
  private func complete(_ plan: ConversationPlan, _ answer: String, isError: Bool = false) throws {
    let run = Run.idle(ManualScheduler(), of: try turn(plan))
    harness.factory.began(run, for: .me)
    let read = TurnResult(Array(CLILine.result(answer.replacing("\n", with: "\\n"), isError: isError).utf8).span)
    let result = try #require(read)
    conversations.note(.ended(.result(result)), of: run, at: plan.place, answer: assistant(answer), .me)
  }

  // MARK: By history

  @Test("a conversation that comes back continues its session with the new message only")
  func continued() async throws {
    let first = try await plan(user("hi"))
    #expect(try turn(first).session == .new(id: "10000000-2222-4333-8444-555555555555"))
    #expect(try turn(first).prompt == "hi")
    #expect(try turn(first).retryTimeout == .seconds(5))
    try complete(first, "hello")
    let second = try await plan(user("hi"), assistant(" hello\n"), user("more"))
    #expect(try turn(second).session == .resume(id: turn(first).session.id))
    #expect(try turn(second).prompt == "more")
    try complete(second, "ok")
    let third = try await plan(user("hi"), assistant("hello"), user("more"), assistant("ok"), user("end"))
    #expect(try turn(third).session == .resume(id: turn(first).session.id))
  }

  @Test("an answer that failed does not advance the conversation")
  func failed() async throws {
    try complete(try await plan(user("hi")), "hello", isError: true)
    let second = try turn(try await plan(user("hi"), assistant("hello"), user("more")))
    #expect(second.session.isNew)
  }

  @Test("options in the first message hold in the next turn without being repeated")
  func inBandOptions() async throws {
    let first = try await plan(user("workspace=demo\n\nhi"))
    try complete(first, "hello")
    let second = try turn(try await plan(user("workspace=demo\n\nhi"), assistant("hello"), user("more")))
    #expect(second.session == .resume(id: try turn(first).session.id))
    #expect(second.directory == "\(harness.directory.path)/workspace/demo")
    #expect(second.prompt == "more")
  }

  @Test("an answer that looks like options is text, and its session is found")
  func answerLikeOptions() async throws {
    let first = try await plan(user("write settings"))
    try complete(first, "model=opus\ndangerously-skip-permissions=true")
    let second = try turn(
      try await plan(
        user("write settings"), assistant("model=opus\ndangerously-skip-permissions=true"), user("more")))
    #expect(second.session == .resume(id: try turn(first).session.id))
    #expect(second.options.effectivePermissionMode == nil)
  }

  @Test("an edited message starts a new session with the edited history as its transcript")
  func branched() async throws {
    try complete(try await plan(user("hi")), "hello")
    let other = try turn(try await plan(user("HI"), assistant("hello"), user("more")))
    guard case .imported(let id, let transcript, let fallback) = other.session else {
      Issue.record("the session is \(other.session)")
      return
    }
    #expect(id == "20000000-2222-4333-8444-555555555555")
    #expect(
      transcript.messages == [
        ConversationMessage(.user, [.text("HI")]), ConversationMessage(.assistant, [.text("hello")]),
      ])
    #expect(other.prompt == "more")
    let words = fallback.content.compactMap(\.text).joined()
    #expect(words.hasPrefix("This is the conversation so far."))
    #expect(words.hasSuffix("User: more"))
  }

  @Test("an image in the first message is imported as a transcript")
  func firstImage() async throws {
    let image = ContentBlock.image(mediaType: "image/png", base64: "iVBORw0KGgo=")
    let planned = try turn(try await plan(ChatMessage(role: .user, content: [image, .text("what is it?")])))
    guard case .imported(_, let transcript, let fallback) = planned.session else {
      Issue.record("the session is \(planned.session)")
      return
    }
    #expect(transcript.messages.count == 1 && transcript.messages[0].content.contains { $0.text == nil })
    #expect(planned.prompt == "what is it?")
    #expect(fallback.content.count == 2)
  }

  @Test("a history does not find the session of another principal, or of other settings")
  func strangers() async throws {
    let first = try await plan(user("hi"))
    try complete(first, "hello")
    let found = Turn.Session.resume(id: try turn(first).session.id)
    let messages = [user("hi"), assistant("hello"), user("more")]
    let stranger = try await plan(messages[0], messages[1], messages[2], for: .you)
    #expect(try turn(stranger).session != found)
    var options = TurnOptions()
    options.workspace = "other"
    let elsewhere = try await plan(messages[0], messages[1], messages[2], options: options)
    #expect(try turn(elsewhere).session != found)
    #expect(try turn(try await plan(messages[0], messages[1], messages[2])).session == found)
  }

  @Test("instructions are the system prompt of each request, and may change")
  func instructions() async throws {
    let first = try await plan(ChatMessage(role: .system, text: "be brief"), user("hi"))
    #expect(try turn(first).options.systemPrompt == "be brief")
    try complete(first, "hello")
    let second = try turn(
      try await plan(
        ChatMessage(role: .system, text: "be long"), user("hi"), assistant("hello"), user("more")))
    #expect(second.session == .resume(id: try turn(first).session.id))
    #expect(second.options.systemPrompt == "be long")
  }

  // MARK: By id

  @Test(
    "a session is named by option, by header, in an earlier answer, or in the message",
    arguments: ["option", "header", "answer", "message"])
  func named(way: String) async throws {
    harness.sessions.begin(Self.id, for: Principal.me.id, TurnOptions())
    var options = TurnOptions()
    options.sessionID = Self.id
    let plan =
      switch way {
      case "option": try await plan(user("hi"), options: options)
      case "header": try await plan(user("hi"), header: Self.id)
      case "answer": try await plan(user("a"), assistant("session-id=\(Self.id)\n\nb"), user("hi"))
      default: try await plan(user("session-id=\(Self.id)\nhi"))
      }
    #expect(try turn(plan).session == .resume(id: Self.id))
    #expect(try turn(plan).prompt == "hi")
    #expect(plan.work.sessionID == Self.id)
  }

  @Test("another principal's session is refused as unknown")
  func foreign() async throws {
    harness.sessions.begin(Self.id, for: Principal.you.id, TurnOptions())
    #expect(
      try await refusal { _ = try await plan(user("hi"), header: Self.id) } == "404 session-id session_not_found")
  }

  // MARK: Functions and forms

  private nonisolated static let functions = [FunctionDeclaration(name: "f")]

  @Test("functions are offered with the turn; one call at a time if the client asks for that")
  func functions() async throws {
    let one = try turn(
      try await plan(user("hi"), tools: ChatTools(Self.functions, choice: .auto, areParallel: false)))
    #expect(one.functions == Self.functions && one.maximumCalls == 1)
    let many = try turn(
      try await plan(user("hi"), tools: ChatTools(Self.functions, choice: .auto, areParallel: true)))
    #expect(many.maximumCalls == .max)
    #expect(many.content == [.text("hi")])
    let none = try turn(
      try await plan(user("hi"), tools: ChatTools(Self.functions, choice: .none, areParallel: true)))
    #expect(none.functions == Self.functions)
    #expect(none.content.last?.text == "(Answer in words, without calling a function.)")
  }

  @Test("a required call becomes a structured answer, and the functions are not offered")
  func required() async throws {
    let tools = try ChatTools(Self.functions, choice: .required(Self.functions), areParallel: true)
    let plan = try await plan(user("hi"), tools: tools)
    guard case .call(let functions, _) = plan.place.form else {
      Issue.record("the form is \(plan.place.form)")
      return
    }
    #expect(functions == Self.functions)
    #expect(try turn(plan).functions.isEmpty)
    #expect(try turn(plan).outputSchema == plan.place.form.schema && plan.place.form.schema != nil)
  }

  // MARK: Claude Code's own tools

  /// Of a request for web tools, at this ceiling.
  private func webPlan(_ builtIn: [String], _ functions: [FunctionDeclaration] = [], rules: [String]?) async throws
    -> ConversationPlan
  {
    let harness = FactoryHarness(policy: TurnPolicy(toolRules: rules))
    let conversations = Conversations(turns: harness.factory, retryTimeout: .seconds(5))
    var tools = try ChatTools(functions, choice: .auto, areParallel: true)
    tools.extras.builtIn = builtIn
    tools.extras.warnings = ["w"]
    let request = try ConversationRequest(messages: [user("hi")], tools: tools, options: TurnOptions(), at: "messages")
    return try await conversations.plan(
      request, try ChatConversation(request, for: .me, harness.factory.policy), for: .of(), headerSession: nil)
  }

  @Test("web tools are allowed for the turn, and not for the session")
  func webTools() async throws {
    let plan = try await webPlan(["WebSearch", "WebFetch"], rules: nil)
    let turn = try turn(plan)
    #expect(turn.allowedBuiltInTools == ["WebSearch", "WebFetch"] && turn.options.allowedTools == nil)
    #expect(plan.warnings == ["w"])
    #expect(Fingerprint(turn, settingSources: nil).builtInTools == nil)
    #expect(Fingerprint(turn, settingSources: nil).allowedTools == ["WebSearch", "WebFetch"])
  }

  @Test("beside functions web tools are the only ones of Claude Code's")
  func webToolsBesideFunctions() async throws {
    let turn = try turn(try await webPlan(["WebSearch"], Self.functions, rules: nil))
    #expect(Fingerprint(turn, settingSources: nil).builtInTools == ["WebSearch"])
    #expect(Fingerprint(turn, settingSources: nil).allowedTools == ["WebSearch", "mcp__client"])
  }

  @Test(
    "a ceiling leaves web tools out with a warning, and refuses a request for nothing else",
    arguments: [
      (["WebSearch"], [], ["Bash"], nil, []), (["WebSearch", "WebFetch"], [], ["WebFetch"], "WebSearch", ["WebFetch"]),
      (["WebSearch"], functions, [], "WebSearch", []),
      (["WebSearch", "WebFetch"], functions, ["Read"], "WebSearch and WebFetch", []),
    ] as [([String], [FunctionDeclaration], [String], String?, [String])])
  func ceiling(
    builtIn: [String], functions: [FunctionDeclaration], rules: [String], refused: String?, allowed: [String]
  ) async throws {
    guard let refused else {
      #expect(
        try await refusal { _ = try await webPlan(builtIn, functions, rules: rules) } == "403 tools permission_ceiling")
      return
    }
    let plan = try await webPlan(builtIn, functions, rules: rules)
    #expect(try turn(plan).allowedBuiltInTools == allowed)
    #expect(plan.warnings == ["This server's ceiling does not let requests approve \(refused)", "w"])
  }

  // MARK: Parked runs

  @Test("results resume the run that waits for them; without it they start a new session with the history")
  func results() async throws {
    let tools = try ChatTools(Self.functions, choice: .auto, areParallel: true)
    let first = try await plan(user("hi"), tools: tools)
    let run = runs.keep(.idle(runs.scheduler, of: try turn(first)))
    harness.factory.began(run, for: .me)
    run.emit(
      [CLILine.messageStart("m")] + CLILine.callBlock("m", "c")
        + [CLILine.messageDelta("tool_use"), CLILine.messageStop])
    let call = ChatMessage(role: .assistant, text: "", calls: [ChatToolCall(id: "c", name: "f", arguments: "{}")])
    conversations.note(.ended(.parked), of: run, at: first.place, answer: call, .me)
    let result = ChatMessage(results: [.text("42")], of: "c")

    let second = try await plan(user("hi"), call, result, tools: tools)
    guard case .resumption(let resumed, let results, let content) = second.work else {
      Issue.record("the work is \(second.work)")
      return
    }
    #expect(resumed === run)
    #expect(results == ["c": FunctionResult([.text("42")])] && content.isEmpty)
    let stranger = try await plan(user("hi"), call, result, tools: tools, for: .you)
    #expect(try turn(stranger).session.isNew)

    run.cancel()
    let late = try turn(try await plan(user("hi"), call, result, tools: tools))
    guard case .imported(_, let transcript, _) = late.session else {
      Issue.record("the session is \(late.session)")
      return
    }
    #expect(!transcript.messages.isEmpty)
  }

  private func parkedRun(_ first: ConversationPlan, _ ids: String...) throws -> (run: Run, answer: ChatMessage) {
    let run = runs.keep(.idle(runs.scheduler, of: try turn(first)))
    harness.factory.began(run, for: .me)
    run.emit(
      [CLILine.messageStart("m")] + ids.flatMap { CLILine.callBlock("m", $0) }
        + [CLILine.messageDelta("tool_use"), CLILine.messageStop])
    let calls = ids.map { ChatToolCall(id: $0, name: "f", arguments: #"{"n":"\#($0)"}"#) }
    let answer = ChatMessage(role: .assistant, text: "", calls: calls)
    conversations.note(.ended(.parked), of: run, at: first.place, answer: answer, .me)
    return (run, answer)
  }

  @Test("the same calls under other ids are those of the run that waits")
  func renamed() async throws {
    let tools = try ChatTools(Self.functions, choice: .auto, areParallel: true)
    let first = try await plan(user("hi"), tools: tools)
    let (run, _) = try parkedRun(first, "c", "d")
    func asked(_ ids: [String], _ arguments: [String]) async throws -> ConversationPlan {
      let calls = zip(ids, arguments).map { ChatToolCall(id: $0, name: "f", arguments: #"{"n": "\#($1)"}"#) }
      return try await plan(
        user("hi"), ChatMessage(role: .assistant, text: "", calls: calls),
        ChatMessage(results: [.text("2")], of: ids[1]),
        ChatMessage(results: [.text("1")], of: ids[0]), tools: tools)
    }
    guard case .resumption(let resumed, let results, _) = try await asked(["x1", "x2"], ["c", "d"]).work else {
      Issue.record("the run is not found")
      return
    }
    #expect(resumed === run)
    #expect(results == ["c": FunctionResult([.text("1")]), "d": FunctionResult([.text("2")])])
    // In another order, or with other arguments, they are other calls.
    #expect(try turn(try await asked(["x1", "x2"], ["d", "c"])).session.isNew)
    #expect(try turn(try await asked(["x1", "x2"], ["c", "e"])).session.isNew)
  }

  @Test("what does not reach a live turn is answered from the history, and ends the run")
  func documents() async throws {
    let tools = try ChatTools(Self.functions, choice: .auto, areParallel: true)
    let document = ContentBlock.document(base64: "JVBERi0xLjQ=", title: "a.pdf")
    let image = ContentBlock.image(mediaType: "image/png", base64: "AAAA")
    for (result, said) in [([document], [ContentBlock]()), ([.text("1")], [document]), ([.text("1")], [image])] {
      let first = try await plan(user("hi"), tools: tools)
      let (run, answer) = try parkedRun(first, "c")
      let messages = [user("hi"), answer, ChatMessage(results: result, of: "c")]
      let next = try turn(
        said.isEmpty
          ? try await plan(messages[0], messages[1], messages[2], tools: tools)
          : try await plan(
            messages[0], messages[1], messages[2], ChatMessage(role: .user, content: said), tools: tools))
      guard case .imported(_, let transcript, _) = next.session else {
        Issue.record("the session is \(next.session)")
        return
      }
      #expect(transcript.messages.count == 3 && run.outcome?.error?.kind == .cancelled)
    }
    // An image in a result does.
    let first = try await plan(user("hi"), tools: tools)
    let (_, answer) = try parkedRun(first, "c")
    let next = try await plan(user("hi"), answer, ChatMessage(results: [image], of: "c"), tools: tools)
    guard case .resumption = next.work else {
      Issue.record("the work is \(next.work)")
      return
    }
  }

  @Test("a forced call keeps its session, which gets the result as text")
  func forced() async throws {
    let tools = try ChatTools(Self.functions, choice: .required(Self.functions), areParallel: true)
    let first = try await plan(user("hi"), tools: tools)
    let run = Run.idle(ManualScheduler(), of: try turn(first))
    harness.factory.began(run, for: .me)
    let read = TurnResult(Array(CLILine.result("{}").utf8).span)
    let call = ChatMessage(role: .assistant, text: "", calls: [ChatToolCall(id: "c", name: "f", arguments: "{}")])
    conversations.note(.ended(.result(try #require(read))), of: run, at: first.place, answer: call, .me)

    let result = ChatMessage(role: .tool, content: [.text("42")], toolCallID: "c", isError: false)
    let second = try await plan(user("hi"), call, result, user("go on"), tools: tools)
    #expect(try turn(second).session == .resume(id: turn(first).session.id))
    #expect(try turn(second).content == [.text("Result of f:"), .text("42"), .text("go on")])
    #expect(try turn(second).outputSchema == turn(first).outputSchema)
    #expect(second.place.key != first.place.key)
    // Some clients tell the call in words.
    guard case .call(_, let id) = first.place.form else {
      Issue.record("the form is \(first.place.form)")
      return
    }
    let said = "Calling tools: [{'id': '\(CallID.openAI(id))', 'function': {'name': 'f'}}]"
    let told = try turn(try await plan(user("hi"), assistant(said), user("Observation: 42"), tools: tools))
    #expect(told.session == .resume(id: try turn(first).session.id))
    #expect(told.content == [.text("Observation: 42")])
    for (question, said) in [("HI", said), ("hi", "Calling tools: f")] {
      #expect(try turn(try await plan(user(question), assistant(said), user("so"), tools: tools)).session.isNew)
    }
    // Another history is another session.
    let other = try turn(try await plan(user("HI"), call, result, tools: tools))
    #expect(other.session.isNew)
    // Named by id, the session is not at that position.
    let named = try turn(try await plan(user("HI"), call, result, tools: tools, header: turn(first).session.id))
    #expect(named.session.isNew)
    let mark = ConversationMark(
      past: ChatHistory.extend(first.place.key, by: [call]), beforeAnswer: first.place.key, settings: [],
      options: TurnOptions(), calls: call.calls)
    #expect(conversations.knows(mark, ["c": FunctionResult([])], .me) && !conversations.knows(mark, [:], .me))
  }

  @Test("a mark is known while a session or a parked run is at its position")
  func marks() async throws {
    let first = try await plan(user("hi"))
    let past = ChatHistory.extend(first.place.key, by: [assistant("hello")])
    let mark = ConversationMark(past: past, beforeAnswer: first.place.key, settings: [], options: TurnOptions())
    #expect(!conversations.knows(mark, [:], .me))
    try complete(first, "hello")
    #expect(conversations.knows(mark, [:], .me))
    #expect(!conversations.knows(mark, ["c": FunctionResult([])], .me))
  }
}
