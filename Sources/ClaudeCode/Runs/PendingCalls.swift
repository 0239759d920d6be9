import Bytes

/// The calls that a turn's client has to answer: which they are, when no more can come, and which are answered. A
/// value: lines and calls in.
///
/// A message of calls ends at `message_delta` with `tool_use` followed by `message_stop`: only then no further call can
/// come (CLI 2.1.329). The CLI's requests for the calls may come before or after that, and so may results.
struct PendingCalls: Sendable {
  private var selection: CallSelection
  /// Calls of the current message, by id, in order.
  private var current: [String] = []
  /// Calls of the current message beyond the client's maximum.
  private var excess: [String] = []
  private var stopsForTools = false
  private var isStreamed = false
  /// Calls the client has not answered. Some of them may not have been delivered: a permission request can come while
  /// the client is busy with other calls.
  private(set) var open: [String] = []
  /// Calls that were delivered to the client and not answered.
  var delivered: [String] { open.filter { id in !undelivered.contains { $0.callID == id } } }
  /// The CLI's requests without a response, in the order they came.
  private var requests: [FunctionCall] = []
  private var results: [String: FunctionResult] = [:]
  /// Permission requests for the client, in the order they came.
  private var questions: [PermissionQuestion] = []
  private var undelivered: [PermissionQuestion] = []
  /// Whether the CLI waits for a permission.
  var awaitsPermission: Bool { !questions.isEmpty }

  init(_ selection: CallSelection = CallSelection()) { self.selection = selection }

  /// Takes the turn's next line.
  ///
  /// - Returns: whether the model has made all its calls and waits for the client.
  mutating func read(_ message: StreamMessage, _ line: Span<UInt8>) -> Bool {
    guard !message.isFromSubagent else { return false }
    switch message.kind {
    case .streamEvent: return message.upstreamEvent.map { read($0, line) } ?? false
    case .assistant:
      guard !isStreamed, let range = message.message, let value = try? JSONValue(parsing: line.extracting(range)) else {
        return false
      }
      for block in value["content"]?.array ?? [] { note(block) }
      return isUnstreamedMessageOver
    default: return false
    }
  }

  private mutating func read(_ event: UpstreamEvent, _ line: Span<UInt8>) -> Bool {
    switch event.kind {
    case .messageStart:
      beginMessage()
      (stopsForTools, isStreamed) = (false, true)
    case .blockStart:
      if let range = event.contentBlock, let block = try? JSONValue(parsing: line.extracting(range)) { note(block) }
    case .messageDelta:
      stopsForTools = event.stopReason.map { line.matches($0, "tool_use") } ?? false
    case .messageStop:
      isStreamed = false
      if stopsForTools || !questions.isEmpty { return close() }
      beginMessage()
    case .blockDelta, .blockStop, .other: break
    }
    return false
  }

  private mutating func note(_ block: JSONValue) {
    switch selection.select(block) {
    case .client(let call): current.append(call.id)
    case .excess(let id): excess.append(id)
    case .ignored: break
    }
  }

  private mutating func close() -> Bool {
    for id in excess { results[id] = PendingCalls.oneAtATime }
    open += current
    beginMessage()
    return !open.isEmpty
  }

  private mutating func beginMessage() {
    (current, excess) = ([], [])
    selection.beginMessage()
  }

  /// The CLI asks for permission, before or after the end of the message that has the call.
  ///
  /// - Returns: whether the request can be delivered now.
  mutating func add(_ question: PermissionQuestion) -> Bool {
    questions.append(question)
    undelivered.append(question)
    open.append(question.callID)
    return !isStreamed
  }

  /// The CLI has withdrawn a permission request.
  mutating func withdraw(requestID: String) {
    for question in questions where question.requestID == requestID {
      undelivered.removeAll { $0 == question }
      open.removeAll { $0 == question.callID }
    }
    questions.removeAll { $0.requestID == requestID }
  }

  /// Permission requests to deliver, each once.
  mutating func takeUndelivered() -> [PermissionQuestion] {
    defer { undelivered = [] }
    return undelivered
  }

  private static let oneAtATime = FunctionResult(
    [.text("Call one function at a time. This call was not made; repeat it if it is still wanted.")], isError: true)

  /// The CLI waits for this call.
  ///
  /// - Returns: whether the model has made all its calls and waits for the client.
  mutating func add(_ call: FunctionCall) -> Bool {
    requests.removeAll { $0.toolUseID == call.toolUseID }
    requests.append(call)
    return isUnstreamedMessageOver
  }

  // Without a stream nothing marks the end of a message; but the CLI requests each of its calls.
  private var isUnstreamedMessageOver: Bool {
    mutating get {
      guard !isStreamed, !current.isEmpty, (current + excess).allSatisfy(isRequested) else {
        return false
      }
      return close()
    }
  }

  private func isRequested(_ id: String) -> Bool { requests.contains { $0.toolUseID == id } }

  /// The client has answered.
  mutating func take(_ results: [String: FunctionResult]) {
    for (id, result) in results where open.contains(id) { self.results[id] = result }
    open.removeAll { results[$0] != nil }
  }

  /// Calls with their results, each once, in the order of the CLI's requests: the CLI forwards results to the model in the
  /// order they arrive.
  mutating func takeAnswers() -> [(FunctionCall, FunctionResult)] {
    var answers: [(FunctionCall, FunctionResult)] = []
    for call in requests {
      if let result = results.removeValue(forKey: call.toolUseID) { answers.append((call, result)) }
    }
    let answered = answers.map(\.0)
    requests.removeAll { answered.contains($0) }
    return answers
  }

  /// Permission requests with the client's decisions, each once.
  mutating func takeDecisions() -> [(PermissionQuestion, FunctionResult)] {
    var decisions: [(PermissionQuestion, FunctionResult)] = []
    for question in questions {
      if let result = results.removeValue(forKey: question.callID) { decisions.append((question, result)) }
    }
    let decided = decisions.map(\.0)
    questions.removeAll { decided.contains($0) }
    return decisions
  }
}
