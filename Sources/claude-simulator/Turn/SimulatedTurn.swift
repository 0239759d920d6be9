import Bytes
import Directives

/// A turn: one prompt and everything that follows until its result.
final class SimulatedTurn {
  let conversation: Conversation
  let writer: LineWriter
  let inbox: Inbox
  var prompt: Prompt
  var outcome = Outcome()
  /// The open message.
  var message: MessageStream?
  /// The tokens of the open message so far.
  var messageTokens = 0
  /// The call that waits for its permission or its result.
  var openCall: ToolCall?
  var openRequestID: String?

  var directives: SimulatorDirectives { prompt.directives }

  init(_ prompt: Prompt, _ writer: LineWriter, _ inbox: Inbox) {
    self.prompt = prompt
    self.writer = writer
    self.inbox = inbox
    conversation = writer.conversation
    outcome.startedAt = Clock.milliseconds
    outcome.messages = 0
  }

  /// Runs the turn to its end. An interrupt ends it early.
  func run() {
    inbox.isBusy = true
    defer { inbox.isBusy = false }
    applyLastingDirectives()
    do throws(TurnInterrupted) {
      try begin()
      try play()
    } catch {
      abort()
    }
    writer.console.flush()
  }

  /// Applies the directives that stay in force after the turn.
  private func applyLastingDirectives() {
    if directives.has(.deaf) { conversation.isDeaf = true }
    if directives.has(.stubborn) { conversation.becomeStubborn() }
    if let milliseconds = directives[.lateExit] { conversation.lateExit = milliseconds }
    writer.console.cutsCharacters = directives.has(.splitUTF8)
  }

  private func begin() throws(TurnInterrupted) {
    if let milliseconds = prompt.own.startDelay { try inbox.pause(milliseconds) }
    if directives.has(.stderrOnly) { SimulatedFault.stderrOnly(writer.console) }
    conversation.remember(prompt.text)
    writer.initialization(functions: try inbox.functions.toolNames)
    if !prompt.isCommand { writer.requesting() }
    if conversation.options.replaysUserMessages { replay() }
    try inbox.processLines()
  }

  private func replay() {
    var extra = JSONObject()
    extra["isReplay"] = true
    writer.user(prompt.content, extra: extra)
  }

  private func play() throws(TurnInterrupted) {
    if directives.has(.grandchild) { Grandchild.spawn(pidFile: directives.word(.pidFile)) }
    if prompt.isCommand { return answerCommand() }
    makeNoise()
    if let status = directives[.retry] { try announceRetries(status) }
    if let status = directives[.apiError] { return failUpstream(status) }
    if directives.has(.empty) { return finish("") }
    try useTools()
    if directives.has(.errorMaxTurns) { return finishAtMaximumTurns() }
    try finish(deliver(SimulatedAnswer(to: prompt, in: conversation)))
  }

  private func makeNoise() {
    if let count = directives[.junk] { writer.junk(count) }
    if let count = directives[.unknown] { writer.unknown(count) }
    if let size = directives[.bigLine] { writer.bigLine(size) }
    if directives.has(.rateLimit) { writer.rateLimit() }
  }

  private func announceRetries(_ status: Int) throws(TurnInterrupted) {
    let delay = directives[.retryDelay] ?? 500
    for attempt in 0..<(directives[.retries] ?? 1) {
      writer.retryAnnounced(attempt: attempt + 1, delay: delay, status: status)
      try inbox.pause(delay)
    }
  }
}

/// How a turn ended.
struct Outcome {
  var subtype = "success"
  var isError = false
  /// The text of the result line; nil if the line has none.
  var text: String?
  var stopReason: String? = "end_turn"
  var terminalReason = "completed"
  var apiErrorStatus: Int?
  var errors: [String]?
  var messages = 1
  var denials: [JSONValue] = []
  var used = TokenCount()
  var startedAt = 0
  var firstTokenAt: Int?
  var queued = 0
}
