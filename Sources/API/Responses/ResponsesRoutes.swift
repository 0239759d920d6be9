import Bytes
public import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Telemetry
public import Turns

/// `POST /v1/responses`, and the operations on a response by its id.
@Reactor
public struct ResponsesRoutes {
  private let turns: TurnFactory
  private let runner: TurnRunner
  private let conversations: Conversations
  private let store: RunStore
  private let responses: StoredResponses
  private let clock: @Sendable () -> Timestamp
  /// Bounds the responses in the background that have not begun.
  private let backlog = InputBudget()

  public init(
    turns: TurnFactory, runner: TurnRunner, conversations: Conversations, store: RunStore,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.turns = turns
    self.runner = runner
    self.conversations = conversations
    self.store = store
    self.clock = clock
    responses = StoredResponses(store)
  }

  public func add(to router: inout Router) {
    router.on("POST", "/v1/responses", body: .json) { [self] request, context, _ in
      try await create(request, context)
    }
    router.on("GET", "/v1/responses/{id}") { [self] request, context, parameters in
      try await retrieve(parameters["id"], request, context)
    }
    router.on("POST", "/v1/responses/{id}/cancel") { [self] _, context, parameters in
      try await cancel(parameters["id"], context)
    }
    router.on("DELETE", "/v1/responses/{id}", atOnce: delete)
    router.on("GET", "/v1/responses/{id}/input_items") { [self] request, context, parameters in
      try await inputItems(parameters["id"], request, context)
    }
  }

  // MARK: Creating

  /// A response to be made. It is kept as long as the run, and holds nothing large.
  private struct Order {
    let id: String
    let decoded: ResponsesRequest
    let place: ConversationPlace
    /// The options of the request, inherited ones included.
    let options: TurnOptions
    let asked: RequestedTurn
    /// Bytes of the request's body.
    let size: Int
    let encoder: ResponsesEncoder
    /// The journal of the response that an earlier try of this request began.
    let repeated: RunJournal?
  }

  private func create(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let order = try await order(request, context)
    if order.decoded.isBackground, let journal = order.repeated { return try await answer(order, journal, context) }
    if order.decoded.isBackground, let journal = order.asked.journal {
      return try await startInBackground(order, journal, context)
    }
    return order.decoded.isStreamed ? try await stream(order, context) : try await collect(order, context)
  }

  private func order(_ request: HTTPRequest, _ context: RequestContext) async throws -> Order {
    let caller = try context.caller()
    let principal = caller.principal
    let (body, key) = try await JSONBody.read(request) {
      (try ResponsesBody($0, size: $1.count), IdempotencyKey(request.head, $1, principal))
    }
    let decoded = body.request
    let recording = try runner.recording(of: key)
    let id = recording?.journal?.id ?? "\(ResponsesIdentity.prefix)\(turns.newID())"
    let plan = try await plan(body, id, try request.head.sessionID, caller)
    let work = recording.map { RequestedWork.repetition($0) } ?? plan.plan.work
    let now = recording?.journal?.createdAt ?? clock().milliseconds
    let turn = work.turn
    let record = ResponsesRecord(
      decoded, isWholeTurn: work.isWholeTurn, functions: turn.functionNames, maximumCalls: turn.maximumCalls,
      mappings: turn.argumentMappings)
    let journal = recording == nil ? begin(record, body.journaled, id, at: now, caller) : nil
    let isDetached = decoded.isBackground && journal != nil
    return Order(
      id: id, decoded: decoded, place: plan.plan.place, options: plan.options,
      asked: RequestedTurn(
        work, on: .response, for: isDetached ? caller.detached() : caller, key, journal: journal,
        warnings: plan.plan.warnings),
      size: body.size, encoder: record.encoder(id, createdAt: now, isImmediate: decoded.isBackground),
      repeated: recording?.journal)
  }

  /// The journal of a response that is stored.
  private func begin(
    _ record: ResponsesRecord, _ request: JournaledRequest?, _ id: String, at now: Int, _ caller: Caller
  ) -> RunJournal? {
    guard let request else { return nil }
    record.finish(request)
    let description = RunDescription(
      id: id, surface: Surface.response.rawValue, principal: caller.principal.id, requestID: caller.requestID,
      createdAt: now)
    return store.begin(description, request, isKept: record.request.isBackground)
  }

  private func plan(
    _ body: ResponsesBody, _ id: String, _ session: String?, _ caller: Caller
  ) async throws -> ResponsesPlan {
    let principal = caller.principal
    let (decoded, size) = (body.request, body.size)
    let messages = try await responses.messages(of: body.input, for: principal)
    guard !messages.isEmpty else { throw RequestError.invalid("input has no messages", param: "input") }
    if let plan = try await shortPlan(decoded, messages, of: size, id, session, caller) { return plan }
    let earlier = try await responses.conversation(upTo: decoded.previousID, for: principal)
    let options = decoded.options.inheriting(earlier.options)
    let policy = turns.policy
    let (asked, conversation) = try await OffLoop.shared.run(on: size + earlier.size) {
      let asked = try ConversationRequest(
        messages: decoded.stage + earlier.messages + messages, tools: decoded.tools, format: decoded.format,
        options: options, at: "input")
      return (asked, try ChatConversation(asked, for: principal, policy))
    }
    let plan = try await conversations.plan(
      asked, conversation, as: decoded.form(of: id), for: caller, headerSession: session)
    return ResponsesPlan(plan: plan, options: options)
  }

  /// If the previous response is remembered and its session is still at that position, the past need not be read; nil
  /// otherwise.
  private func shortPlan(
    _ decoded: ResponsesRequest, _ messages: [ChatMessage], of size: Int, _ id: String, _ session: String?,
    _ caller: Caller
  ) async throws -> ResponsesPlan? {
    let principal = caller.principal
    guard let mark = try responses.mark(of: decoded.previousID, for: principal) else { return nil }
    let options = decoded.options.inheriting(mark.options)
    guard decoded.settings(options) == mark.settings else { return nil }
    let policy = turns.policy
    let short = try await OffLoop.shared.run(on: size) {
      () -> (asked: ConversationRequest, conversation: ChatConversation)? in
      guard messages.allSatisfy({ $0.role == .user || $0.role == .tool }) else { return nil }
      return (
        try ConversationRequest(since: messages, tools: decoded.tools, options: options, at: "input"),
        try ChatConversation(decoded.stage + messages, after: mark, policy)
      )
    }
    // Checked after the wait, which may have changed it. In another workspace the CLI does not know the session.
    guard let (asked, conversation) = short, conversations.knows(mark, conversation.results, principal),
      conversation.newest.workspace == nil, conversation.newest.sessionID == nil
    else { return nil }
    let plan = try await conversations.plan(
      asked, conversation, as: decoded.form(of: id), for: caller, headerSession: session)
    return ResponsesPlan(plan: plan, options: options)
  }

  private func stream(_ order: Order, _ context: RequestContext) async throws -> HTTPResponse {
    try await runner.stream(order.asked, context) { _ in
      order.encoder
    } onEnd: { run, encoder, outcome in
      if order.asked.advancesConversation { note(outcome, of: run, order, encoder) }
    }
  }

  private func collect(_ order: Order, _ context: RequestContext) async throws -> HTTPResponse {
    let (run, encoder, outcome) = try await runner.collect(order.asked, context) { _ in order.encoder }
    if order.asked.advancesConversation { note(outcome, of: run, order, encoder) }
    return .json(encoder.writer.json())
  }

  /// The client neither waits for the response nor has to stay.
  private func startInBackground(
    _ order: Order, _ journal: RunJournal, _ context: RequestContext
  ) async throws -> HTTPResponse {
    context.announce(order.asked)
    // Twice, for the request and its journal entry.
    let (principal, size) = (order.asked.caller.principal.id, 2 * order.size)
    guard backlog.take(size, for: principal) else {
      store.remove(journal)
      throw RequestError(
        ClaudeError(.overloaded, "Too many bytes of responses are waiting in the background already", reachedCLI: false)
      )
    }
    Task.onLoop {
      defer { backlog.give(size, of: principal) }
      // The journal has the error.
      guard let started = try? await runner.start(order.asked) else { return }
      started.add(RunFold(order.encoder) { note(.ended($1), of: started.run, order, $0) })
      started.begin()
    }
    guard order.decoded.isStreamed else { return .json(order.encoder.writer.json(.queued)) }
    return try await answer(order, journal, context)
  }

  /// The response so far, or its stream.
  private func answer(
    _ order: Order, _ journal: RunJournal, _ context: RequestContext
  ) async throws -> HTTPResponse {
    guard order.decoded.isStreamed else { return .json(try await snapshot(journal)) }
    return try await runner.replay(journal, order.encoder, context)
  }

  /// Records the conversation's new position.
  private func note(_ outcome: AnswerOutcome, of run: Run, _ order: Order, _ encoder: ResponsesEncoder) {
    let (place, answer) = (order.place, encoder.writer.message)
    conversations.note(outcome, of: run, at: place, answer: answer, order.asked.caller.principal)
    guard order.asked.journal != nil else { return }
    responses.mark(
      order.id,
      ConversationMark(
        past: ChatHistory.extend(place.key, by: [answer]), beforeAnswer: place.key,
        settings: order.decoded.settings(order.options), options: order.options, calls: answer.calls))
  }

  // MARK: By id

  private func journal(_ id: String, _ context: RequestContext) throws -> RunJournal {
    try responses.journal(id, for: try context.principal())
  }

  private func retrieve(
    _ id: String, _ request: HTTPRequest, _ context: RequestContext
  ) async throws -> HTTPResponse {
    let journal = try journal(id, context)
    guard request.head.queryItem("stream") == "true" else { return .json(try await snapshot(journal)) }
    let known = try request.head.queryNumber("starting_after") ?? -1
    let record = try await responses.record(journal)
    let encoder = record.encoder(id, createdAt: journal.createdAt, isImmediate: true, after: known)
    return try await runner.replay(journal, encoder, context)
  }

  private func snapshot(_ journal: RunJournal) async throws -> JSONValue {
    try await responses.encoder(journal).writer.json(journal.state == .queued ? .queued : nil)
  }

  private func cancel(_ id: String, _ context: RequestContext) async throws -> HTTPResponse {
    let journal = try journal(id, context)
    runner.cancel(journal)
    return .json(try await snapshot(journal))
  }

  private func delete(
    _ request: HTTPRequest, _ context: RequestContext, _ parameters: PathParameters
  ) throws -> HTTPResponse {
    let journal = try journal(parameters["id"], context)
    runner.cancel(journal)
    store.remove(journal)
    return .json(["id": .string(journal.id), "object": "response", "deleted": true])
  }

  private func inputItems(
    _ id: String, _ request: HTTPRequest, _ context: RequestContext
  ) async throws -> HTTPResponse {
    let journal = try journal(id, context)
    let stem = id.dropFirst(ResponsesIdentity.prefix.count)
    let page = try ListPage(request.head, newestFirst: true)
    let list = try await responses.read(journal) { _, body in
      try page.json(ResponsesInputItem.listed(body["input"], stem: stem)) { $0["id"]?.string ?? "" }
    }
    return .json(list)
  }
}

/// The plan of a response, and the options that the next one inherits.
private struct ResponsesPlan {
  let plan: ConversationPlan
  /// The options of the request, inherited ones included.
  let options: TurnOptions
}

extension ResponsesRequest {
  /// What must be equal for the next response to continue from this one.
  fileprivate func settings(_ options: TurnOptions) -> [String] {
    options.conversationSettings(isInstructed: instructions != nil)
  }
}
