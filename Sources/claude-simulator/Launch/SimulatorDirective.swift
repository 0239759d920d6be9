import Directives

/// What a prompt can ask of the simulator: a line `simulate: name name=value …` anywhere in the user's text.
///
/// The line is removed from the text that is echoed; several such lines are joined. `CLAUDE_SIMULATOR` in the
/// environment holds defaults in the same form. The prompt overrides them, and `name=off` removes one. Values have no
/// blanks. An unknown name ends the process with status 64 and a line on stderr. `table` gives the meaning of each
/// name, and `--help` prints it.
enum SimulatorDirective: String, DirectiveName {
  case tokens, tokenBytes = "token-bytes", flood, cwd, argv, env, initRequest = "init-request", recall, pid
  case splitUTF8 = "split-utf8", surrogates

  case startDelay = "start-delay", slowStart = "slow-start", delay, gap, lateExit = "late-exit"

  case thinking, preamble, tool, ask, call, toolInput = "tool-input", subagent
  case maxTokens = "max-tokens", refusal, refusalRetry = "refusal-retry"
  case retry, retries, retryDelay = "retry-delay"

  case cut, cutDiffers = "cut-differs", repair, noPartial = "no-partial"

  case junk, unknown, bigLine = "big-line", mirror, rateLimit = "rate-limit"

  case noResult = "no-result", noResultExit = "no-result-exit", twoResults = "two-results", empty
  case apiError = "api-error", errorMaxTurns = "error-max-turns", exitAfter = "exit-after"

  case stderrOnly = "stderr-only", crash, kill, hang, hangHard = "hang-hard", stubborn, deaf
  case claim
  case grandchild, pidFile = "pid-file"
}

extension SimulatorDirective {
  private typealias Row = DirectiveRow<SimulatorDirective>

  static let table = answers + times + steps + cuts + lines + endings + processes

  /// Whether the directive decides the text of an answer. Only one can, so one in the prompt replaces the default.
  var isAnswer: Bool { SimulatorDirective.answers.contains { $0.name == self } && self != .tokenBytes }

  private static let answers = [
    Row(.tokens, .number("N", default: 3), "the answer is `w0 w1 … `, N tokens, each its own delta"),
    Row(.tokenBytes, .number("N", default: 64), "each of those tokens is padded with `x` to N bytes, blank included"),
    Row(.flood, .number("N", default: 100_000), "tokens=N without delay and gap"),
    Row(.cwd, .flag, "the answer is the working directory"),
    Row(.argv, .flag, "the answer is the arguments (without the program) as a JSON array"),
    Row(.env, .word("NAME"), "the answer is that environment variable, or `(unset)`"),
    Row(.initRequest, .flag, "the answer is the `request` of the last initialize as JSON, or `null`"),
    Row(.recall, .flag, "the answer is all user texts of the session, this one included, joined by ` | `"),
    Row(.pid, .flag, "the answer is the process id"),
    Row(.splitUTF8, .flag, "the answer is `grüße 🎉 für alle 日本語 `; write(2) calls end inside characters and lines"),
    Row(.surrogates, .flag, "the answer is `party 🎉 done `, the emoji cut into `\\ud83c` and `\\udf89`, a delta each"),
  ]

  private static let times = [
    Row(.startDelay, .number("MS", default: 1000), "silence before the turn; from the environment: before the process"),
    Row(.slowStart, .flag, "start-delay=2000"),
    Row(.delay, .number("MS", default: 100), "wait before each message"),
    Row(.gap, .number("MS", default: 10), "wait between tokens"),
    Row(.lateExit, .number("MS", default: 1000), "exit MS after stdin has closed (from then on, for the process)"),
  ]

  private static let steps = [
    Row(.thinking, .number("N", default: 3), "a thinking block `t0 t1 … ` of N tokens in the first message"),
    Row(.preamble, .number("N", default: 3), "a text block `p0 p1 … ` of N tokens before the tool calls"),
    Row(.tool, .word("NAME[,NAME]"), "a message of tool calls, their results, then the answer in a second message"),
    Row(.ask, .word("NAME[,NAME]"), "like tool, after can_use_tool where the options make the CLI ask"),
    Row(.call, .word("NAME[,NAME]"), "like tool, but functions of the client: calls the `client` of sdkMcpServers"),
    Row(.toolInput, .word("JSON"), "the input of the calls; default {\"command\":\"echo hi\"}"),
    Row(.subagent, .flag, "a Task call; its `SUBAGENT…` lines (with a parent_tool_use_id) are between the answer's"),
    Row(.maxTokens, .flag, "a first message with half the answer and stop_reason max_tokens, then a second one"),
    Row(.refusal, .flag, "the message has stop_reason refusal, and so has the result"),
    Row(.refusalRetry, .flag, "half the answer, stop_reason refusal, then a second message: the CLI retries once"),
    Row(.retry, .number("STATUS", default: 529), "api_retry lines with real waits, then the answer"),
    Row(.retries, .number("N", default: 1), "how many of them"),
    Row(.retryDelay, .number("MS", default: 500), "how long each waits; 500, for cut 0"),
  ]

  private static let cuts = [
    Row(
      .cut, .number("N", default: 1), "after N deltas message_stop without message_delta, api_retry, all again, new id"),
    Row(.cutDiffers, .number("N", default: 2), "the same, but the second text differs after its first word"),
    Row(.repair, .number("N", default: 1), "after N deltas the message ends; one assistant line, new id, has all text"),
    Row(.noPartial, .flag, "no stream_event lines for the text block even if asked for"),
  ]

  private static let lines = [
    Row(.junk, .number("N", default: 3), "N lines that are not JSON, an empty one, and one that begins with `[`"),
    Row(.unknown, .number("N", default: 3), "N lines of unknown types, `type` not first, a `result` nested inside"),
    Row(.bigLine, .number("BYTES", default: 1_048_576), "an attachment line of exactly BYTES bytes before the text"),
    Row(.mirror, .number("N", default: 1), "N transcript_mirror lines (1 with --session-mirror)"),
    Row(.rateLimit, .flag, "a rate_limit_event line"),
  ]

  private static let endings = [
    Row(.noResult, .flag, "no result; from then on user lines are swallowed, stdin's end still ends the process"),
    Row(.noResultExit, .flag, "no result, exit status 0"),
    Row(.twoResults, .flag, "the result, then another one with num_turns 2 and the text `second result`"),
    Row(.empty, .flag, "no message; success with num_turns 0 and an empty result"),
    Row(.apiError, .number("STATUS", default: 500), "the upstream failed (after retries, if retry is given)"),
    Row(.errorMaxTurns, .flag, "the answer, a tool call, then a result error_max_turns"),
    Row(.exitAfter, .flag, "the process exits after the result: 1 if it was an error"),
  ]

  private static let processes = [
    Row(.stderrOnly, .flag, "`Error: something went wrong` on stderr, exit 1; from the environment: at start"),
    Row(.crash, .number("N", default: 0), "after N tokens a line on stderr and exit 1"),
    Row(.kill, .number("N", default: 0), "after N tokens SIGKILL"),
    Row(
      .hang, .number("N", default: 0), "after N tokens silence; interrupt and SIGTERM still work, stdin's end does not"),
    Row(.hangHard, .flag, "hang, stubborn and deaf; stdin is not even read"),
    Row(.stubborn, .flag, "SIGTERM and stdin's end are ignored from then on, for the process"),
    Row(.deaf, .flag, "control requests are not answered from then on, for the process"),
    Row(
      .claim, .word("WAY"),
      "from the environment: `claim_session` is refused (refuse), ignored, or ends the process (die)"),
    Row(.grandchild, .flag, "leaves a child with its own process group that ignores SIGTERM and sleeps 600 s"),
    Row(.pidFile, .word("PATH"), "where grandchild writes the child's process id"),
  ]
}

/// The simulator's directives with their values.
typealias SimulatorDirectives = Directives<SimulatorDirective>

extension Directives<SimulatorDirective> {
  private static let off = "off"

  /// - Throws: `LaunchFailure` with status 64 for an unknown name and for a value that does not fit.
  static func parsed(_ text: String) throws(LaunchFailure) -> SimulatorDirectives {
    do throws(DirectiveError) {
      return try SimulatorDirectives(parsing: text, removal: off)
    } catch {
      throw LaunchFailure("error: \(error)", status: 64)
    }
  }

  /// Merges the environment's defaults into the directives of a prompt. `off` removes a default.
  func overriding(_ defaults: SimulatorDirectives) -> SimulatorDirectives {
    let hasAnswer = names.contains(where: \.isAnswer)
    return merging(defaults) { !(hasAnswer && $0.isAnswer) }.removing(SimulatorDirectives.off)
  }

  /// How long the turn, or the process, waits before it begins.
  var startDelay: Int? { self[.startDelay] ?? (has(.slowStart) ? 2000 : nil) }
}
