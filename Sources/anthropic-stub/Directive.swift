/// What a prompt can ask of the stub: the names of a line `stub: name name=value …` in the last user message.
///
/// Values have no blanks. What each name means stands in `Directive.table`, which `--help` prints; an unknown name or
/// a bad value is answered with 400, so that a test with a typing error fails.
///
/// The text of the answer is the first of: `echo-system`, `echo-messages`, `emoji`, `surrogates`, `big`, `tokens`; else
/// `You said: ` and the user's text without the line. With `tool`, `tools` or `schema` the first `rounds` messages are
/// calls, the message after the last tool result has the text. What goes wrong (`status`, `cut`, `stall`,
/// `error-event`) goes wrong in the first message, every time it is asked for or the first `times` times. When the CLI
/// asks for more by itself, after max_tokens for instance, the script goes on, its text then being `and so on`.
enum Directive: String {
  case tokens, big, emoji, surrogates, empty, echoSystem = "echo-system", echoMessages = "echo-messages"
  case thinking, textBefore = "text-before", tool, tools, schema, input, input64, rounds, then
  case delay, gap
  case status, retryAfter = "retry-after", cut, stall, errorEvent = "error-event", stop, times, late, key
  case inputTokens = "input-tokens", outputTokens = "output-tokens"
  case cacheRead = "cache-read", cacheCreation = "cache-creation"
}
