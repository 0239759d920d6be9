import Bytes

/// The calls that wait for the client of a turn: which there are, when no more can come, and which can be answered.
/// A value: lines and calls in.
///
/// A message of calls is over at `message_delta` with `tool_use` followed by `message_stop`: only then is it known that no
/// further call comes (CLI 2.1.329). The CLI's requests for the calls may come before that or after, and so may results.
struct PendingCalls: Sendable {
  /// Calls of the message under way, by id, in order.
  private var current: [String] = []
  private var stopsForTools = false
  private var isStreamed = false
  /// Calls the client has not answered. It may not have been told of all: a question can come while it is busy with
  /// others.
  private(set) var open: [String] = []
  /// Calls the client has been told of and has not answered.
  var told: [String] { open.filter { id in !untold.contains { $0.callID == id } } }
  /// What the CLI waits for, in the order of its requests.
  private var waiting: [FunctionCall] = []
  private var results: [String: FunctionResult] = [:]
  /// Questions that the client has to answer, in the order in which they were asked.
  private var questions: [PermissionQuestion] = []
  private var untold: [PermissionQuestion] = []
  /// Calls of one message that the client is told; others get an error.
  private let maximumCalls: Int
  /// Nil for any. The CLI itself answers calls of others: they never reach the client (2.1.329).
  private let functions: Set<String>?

  init(maximumCalls: Int = .max, functions: Set<String>? = nil) {
    self.maximumCalls = maximumCalls
    self.functions = functions
  }

  /// Takes the turn's next line.
  ///
  /// - Returns: whether the model has said all its calls and waits for the client.
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
      (current, stopsForTools, isStreamed) = ([], false, true)
    case .blockStart:
      if let range = event.contentBlock, let block = try? JSONValue(parsing: line.extracting(range)) { note(block) }
    case .messageDelta:
      stopsForTools = event.stopReason.map { line.matches($0, "tool_use") } ?? false
    case .messageStop:
      isStreamed = false
      if stopsForTools || !questions.isEmpty { return close() }
      current = []
    case .blockDelta, .blockStop, .other: break
    }
    return false
  }

  private mutating func note(_ block: JSONValue) {
    guard block["type"]?.string == "tool_use", let id = block["id"]?.string, let name = block["name"]?.string,
      let function = FunctionDeclaration.function(of: name), functions?.contains(function) != false,
      !current.contains(id), !open.contains(id)
    else { return }
    current.append(id)
  }

  private mutating func close() -> Bool {
    for id in current.dropFirst(maximumCalls) { results[id] = PendingCalls.oneAtATime }
    open += current.prefix(maximumCalls)
    current = []
    return !open.isEmpty
  }

  /// The CLI asks the client. The question comes before the end of the message whose call it is about, or after.
  ///
  /// - Returns: whether the client has to be asked now.
  mutating func add(_ question: PermissionQuestion) -> Bool {
    questions.append(question)
    untold.append(question)
    open.append(question.callID)
    return !isStreamed
  }

  /// The CLI has withdrawn a question.
  mutating func withdraw(requestID: String) {
    for question in questions where question.requestID == requestID {
      untold.removeAll { $0 == question }
      open.removeAll { $0 == question.callID }
    }
    questions.removeAll { $0.requestID == requestID }
  }

  /// Questions the client has not been told of, each once.
  mutating func takeUntold() -> [PermissionQuestion] {
    defer { untold = [] }
    return untold
  }

  private static let oneAtATime = FunctionResult(
    [.text("Call one function at a time. This call was not made; repeat it if it is still wanted.")], isError: true)

  /// The CLI waits for this call.
  ///
  /// - Returns: whether the model has said all its calls and waits for the client.
  mutating func add(_ call: FunctionCall) -> Bool {
    waiting.removeAll { $0.toolUseID == call.toolUseID }
    waiting.append(call)
    return isUnstreamedMessageOver
  }

  // Without a stream nothing says that a message is over; but the CLI asks for each of its calls.
  private var isUnstreamedMessageOver: Bool {
    mutating get {
      guard !isStreamed, !current.isEmpty, current.allSatisfy({ waiting.map(\.toolUseID).contains($0) }) else {
        return false
      }
      return close()
    }
  }

  /// The client has answered.
  mutating func take(_ results: [String: FunctionResult]) {
    for (id, result) in results where open.contains(id) { self.results[id] = result }
    open.removeAll { results[$0] != nil }
  }

  /// Calls with their results, each once, in the order of the CLI's requests: in the order of its answers it tells the
  /// model.
  mutating func takeAnswers() -> [(FunctionCall, FunctionResult)] {
    var answers: [(FunctionCall, FunctionResult)] = []
    for call in waiting {
      if let result = results.removeValue(forKey: call.toolUseID) { answers.append((call, result)) }
    }
    let answered = answers.map(\.0)
    waiting.removeAll { answered.contains($0) }
    return answers
  }

  /// Questions with what the client said to them, each once.
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
