import Bytes

/// What comes in on stdin, sorted: user lines wait, control requests are answered at once, answers are kept.
final class Inbox {
  let console: Console
  let conversation: Conversation
  let writer: LineWriter
  private(set) var queue: [UserEntry] = []
  private var answers: [String: JSONValue] = [:]
  private var isInterrupted = false
  private(set) lazy var functions = FunctionClient(writer, self)
  /// A turn is under way, so an interrupt has something to interrupt.
  var isBusy = false

  init(_ writer: LineWriter) {
    self.writer = writer
    console = writer.console
    conversation = writer.conversation
  }

  /// The next user line; nil when stdin has closed.
  func nextEntry() -> UserEntry? {
    while queue.isEmpty && console.isInputOpen {
      console.wait(until: nil)
      sort()
      if conversation.isMute { queue = [] }
    }
    return queue.isEmpty ? nil : queue.removeFirst()
  }

  /// User lines that came while a tool ran.
  func takeQueue() -> [UserEntry] {
    defer { queue = [] }
    return queue
  }

  func pause(_ milliseconds: Int) throws(Interruption) {
    let deadline = Clock.milliseconds + milliseconds
    repeat {
      console.wait(until: deadline)
      try look()
    } while Clock.milliseconds < deadline
  }

  /// Handles what has arrived, without waiting.
  func look() throws(Interruption) {
    sort()
    guard isInterrupted else { return }
    isInterrupted = false
    throw Interruption()
  }

  /// Silence, until an interrupt; the end of stdin does not end it.
  func hang() throws(Interruption) {
    while true { try pause(60_000) }
  }

  /// The answer to a request of ours; nil when stdin has closed.
  func answer(to requestID: String) throws(Interruption) -> JSONValue? {
    while answers[requestID] == nil && console.isInputOpen {
      console.wait(until: nil)
      try look()
    }
    return answers.removeValue(forKey: requestID)
  }

  /// An interrupt that comes in the same read as the user line before it ends that line's turn.
  func interrupt() { isInterrupted = isBusy || !queue.isEmpty }

  private func sort() {
    let lines = console.takeLines()
    for line in lines where !line.isEmpty { accept(line) }
    if !lines.isEmpty { console.flush() }
  }

  private func accept(_ line: [UInt8]) {
    guard let value = try? JSONValue(parsing: line), value.object != nil else {
      console.complain(
        "Error parsing streaming input line (type=unknown, \(line.count) chars): SyntaxError")
      console.leave(1)
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
