import Bytes

/// Sorts the lines of stdin: user lines are queued, control requests are answered at once, control responses are kept.
final class Inbox {
  let console: Console
  let conversation: Conversation
  let writer: LineWriter
  private(set) var queue: [UserEntry] = []
  private var answers: [String: JSONValue] = [:]
  private var isInterrupted = false
  private(set) lazy var functions = FunctionClient(writer, self)
  /// Whether a turn is running, which an interrupt ends.
  var isBusy = false

  init(_ writer: LineWriter) {
    self.writer = writer
    console = writer.console
    conversation = writer.conversation
  }

  /// Waits for the next user line; nil when stdin has closed.
  func nextEntry() -> UserEntry? {
    while queue.isEmpty && console.isInputOpen {
      console.wait(until: nil)
      sort()
      if conversation.isMute { queue = [] }
    }
    return queue.isEmpty ? nil : queue.removeFirst()
  }

  /// Takes the user lines that arrived during the turn.
  func takeQueue() -> [UserEntry] {
    defer { queue = [] }
    return queue
  }

  func pause(_ milliseconds: Int) throws(TurnInterrupted) {
    let deadline = Clock.milliseconds + milliseconds
    repeat {
      console.wait(until: deadline)
      try processLines()
    } while Clock.milliseconds < deadline
  }

  /// Handles the lines that have arrived, without waiting.
  func processLines() throws(TurnInterrupted) {
    sort()
    guard isInterrupted else { return }
    isInterrupted = false
    throw TurnInterrupted()
  }

  /// Waits silently until an interrupt. The end of stdin does not end the wait.
  func hang() throws(TurnInterrupted) {
    while true { try pause(60_000) }
  }

  /// Waits for the response to a request of ours; nil when stdin has closed.
  func answer(to requestID: String) throws(TurnInterrupted) -> JSONValue? {
    while answers[requestID] == nil && console.isInputOpen {
      console.wait(until: nil)
      try processLines()
    }
    return answers.removeValue(forKey: requestID)
  }

  /// Interrupts the running turn, or that of a user line which arrived in the same read.
  func interrupt() { isInterrupted = isBusy || !queue.isEmpty }

  private func sort() {
    let lines = console.takeLines()
    for line in lines where !line.isEmpty { accept(line) }
    if !lines.isEmpty { console.flush() }
  }

  private func accept(_ line: [UInt8]) {
    guard let value = try? JSONValue(parsing: line), value.object != nil else {
      console.printError(
        "Error parsing streaming input line (type=unknown, \(line.count) chars): SyntaxError")
      console.exit(1)
    }
    switch value["type"]?.string {
    case "user": queue.append(UserEntry(content: value["message"]?["content"] ?? nil, uuid: value["uuid"]?.string))
    case "control_request": answerControl(value)
    case "control_response": keepAnswer(value["response"] ?? nil)
    default: break
    }
  }

  private func keepAnswer(_ response: JSONValue) {
    guard let requestID = response["request_id"]?.string else { return }
    answers[requestID] = response
  }
}

/// A queued user line.
struct UserEntry {
  let content: JSONValue
  /// The line's own id, if it has one.
  let uuid: String?
}

/// An `interrupt` request ends the running turn.
struct TurnInterrupted: Error {}
