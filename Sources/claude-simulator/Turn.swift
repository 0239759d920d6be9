import Bytes

/// One prompt and everything that follows until its result.
final class Turn {
  let conversation: Conversation
  let writer: LineWriter
  let inbox: Inbox
  var prompt: Prompt
  var outcome = Outcome()
  /// The message under way.
  var message: MessageStream?
  /// The tokens of that message so far.
  var messageTokens = 0
  /// The call whose permission is awaited, and the request that asks for it.
  var openCall: ToolCall?
  var openRequestID: String?

  var directives: Directives { prompt.directives }

  init(_ prompt: Prompt, _ writer: LineWriter, _ inbox: Inbox) {
    self.prompt = prompt
    self.writer = writer
    self.inbox = inbox
    conversation = writer.conversation
    outcome.startedAt = Clock.milliseconds
    outcome.messages = 0
  }

  /// Plays the turn to its end, its interruption included.
  func run() {
    inbox.isBusy = true
    defer { inbox.isBusy = false }
    takeEffect()
    do throws(Interruption) {
      try begin()
      try play()
    } catch {
      abort()
    }
    writer.console.flush()
  }

  /// What stays in force after the turn.
  private func takeEffect() {
    if directives.has(.deaf) { conversation.isDeaf = true }
    if directives.has(.stubborn) { conversation.becomeStubborn() }
    if let milliseconds = directives[.lateExit] { conversation.lateExit = milliseconds }
    writer.console.cutsCharacters = directives.has(.splitUTF8)
  }

  private func begin() throws(Interruption) {
    if let milliseconds = prompt.own.startDelay { try inbox.pause(milliseconds) }
    if directives.has(.stderrOnly) { Fault.stderrOnly(writer.console) }
    conversation.remember(prompt.text)
    writer.initialization()
    if !prompt.isCommand { writer.requesting() }
    if conversation.options.replaysUserMessages { replay() }
    try inbox.look()
  }

  private func replay() {
    var extra = JSONObject()
    extra["isReplay"] = true
    writer.user(prompt.content, extra: extra)
  }

  private func play() throws(Interruption) {
    if directives.has(.grandchild) { Grandchild.spawn(pidFile: directives.word(.pidFile)) }
    if prompt.isCommand { return answerCommand() }
    makeNoise()
    if let status = directives[.retry] { try announceRetries(status) }
    if let status = directives[.apiError] { return failUpstream(status) }
    if directives.has(.empty) { return finish("") }
    try useTools()
    if directives.has(.errorMaxTurns) { return finishAtMaximumTurns() }
    try finish(deliver(Answer(to: prompt, in: conversation)))
  }

  private func makeNoise() {
    if let count = directives[.junk] { writer.junk(count) }
    if let count = directives[.unknown] { writer.unknown(count) }
    if let size = directives[.bigLine] { writer.bigLine(size) }
    if directives.has(.rateLimit) { writer.rateLimit() }
  }

  private func announceRetries(_ status: Int) throws(Interruption) {
    let delay = directives[.retryDelay] ?? 500
    for attempt in 0..<(directives[.retries] ?? 1) {
      writer.retryAnnounced(attempt: attempt + 1, delay: delay, status: status)
      try inbox.pause(delay)
    }
  }
}

extension Directives {
  var startDelay: Int? { self[.startDelay] ?? (has(.slowStart) ? 2000 : nil) }
}
