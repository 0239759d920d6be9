/// What a prompt can ask of the simulator: a line `simulate: name name=value …` anywhere in the user's text.
///
/// The line is taken out of the text that is echoed; several such lines are joined. `CLAUDE_SIMULATOR` in the
/// environment holds defaults in the same form; the prompt overrides them, `name=off` removes one. Values have no
/// blanks. An unknown name ends the process with status 64 and a line on stderr. What each name means stands in
/// `Directive.table`, which `--help` prints.
enum Directive: String, CaseIterable {
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
  case grandchild, pidFile = "pid-file"
}
