import Directives

/// What a prompt can ask of the stub: the names of a line `stub: name name=value …` in the last user message.
///
/// Values have no blanks. `table` gives the meaning of each name, and `--help` prints it. An unknown name or a bad value
/// is answered with 400, so that a test with a typing error fails.
///
/// The text of the answer is the first of: `echo-system`, `echo-messages`, `emoji`, `surrogates`, `big`, `tokens`; else
/// `You said: ` and the user's text without the line. With `tool`, `tools` or `schema` the first `rounds` messages are
/// calls, and the message after the last tool result has the text. A fault (`status`, `cut`, `stall`, `error-event`)
/// strikes in the first message, every time the script is sent or the first `times` times. When the CLI asks for more by
/// itself, after max_tokens for instance, the script stays in force and the text is `and so on`.
enum StubDirective: String, DirectiveName {
  case tokens, big, emoji, surrogates, empty, echoSystem = "echo-system", echoMessages = "echo-messages"
  case thinking, textBefore = "text-before", tool, tools, schema, input, input64, rounds, then
  case delay, gap
  case status, retryAfter = "retry-after", cut, stall, errorEvent = "error-event", stop, times, late, key
  case inputTokens = "input-tokens", outputTokens = "output-tokens"
  case cacheRead = "cache-read", cacheCreation = "cache-creation"
}

extension StubDirective {
  private typealias Row = DirectiveRow<StubDirective>

  static let table = texts + steps + waits + faults + numbers

  private static let texts = [
    Row(.tokens, .number("N", default: 3), "the text is `w0 w1 … `, N tokens, each its own delta"),
    Row(.big, .number("BYTES", default: 1_048_576), "the text is BYTES times `x` in one delta"),
    Row(.emoji, .flag, "the text is `grüße 🎉 für alle 日本語 `"),
    Row(.surrogates, .flag, "the text is `party 🎉 done `, the emoji cut into `\\ud83c` and `\\udf89`, a delta each"),
    Row(.empty, .flag, "no content blocks at all"),
    Row(.echoSystem, .flag, "the text is the system prompt as received, its blocks joined by line ends"),
    Row(.echoMessages, .flag, "the text is [{\"role\",\"text\"}…] of all messages, <system-reminder>s left out"),
  ]

  private static let steps = [
    Row(.thinking, .number("N", default: 3), "a thinking block `t0 t1 … ` and a signature in the first message"),
    Row(.textBefore, .number("N", default: 3), "a text block `p0 p1 … ` before the calls"),
    Row(.tool, .word("NAME"), "a call of the tool; after its result `The tool said: …`"),
    Row(.tools, .word("NAME:K"), "K calls in one message, numbered from 0: at %n in the input, else as {\"n\":0,…}"),
    Row(.schema, .flag, "a call of StructuredOutput, if that is among the tools"),
    Row(.input, .word("JSON"), "the input of the calls, without blanks; default {}"),
    Row(.input64, .word("BASE64"), "the same in Base64, for JSON with blanks"),
    Row(.rounds, .number("N", default: 1), "the calls N times, one message after the other"),
    Row(.then, .number("N", default: 3), "the text after the tool result, or of a continuation, is `w0 w1 … `"),
  ]

  private static let waits = [
    Row(.delay, .number("MS", default: 100), "wait before the head of each answer"),
    Row(.gap, .number("MS", default: 10), "wait between deltas"),
  ]

  private static let faults = [
    Row(.status, .number("CODE", default: 529), "an HTTP error in Anthropic's form"),
    Row(.retryAfter, .number("SECONDS", default: 1), "the header, with status"),
    Row(.cut, .number("N", default: 1), "after N deltas (of any kind) the connection is closed; unstreamed: at once"),
    Row(.stall, .number("N", default: 1), "after N deltas nothing more is sent"),
    Row(.errorEvent, .number("N", default: 1), "after N deltas an `error` event, overloaded_error; unstreamed: 529"),
    Row(.stop, .word("REASON"), "the stop_reason of a message without calls; default end_turn"),
    Row(
      .times, .number("K", default: 1), "only the first K requests with this line fail; stop and empty end with them"),
    Row(.late, .flag, "the message after the last tool result fails, not the first one"),
    Row(.key, .word("NAME"), "no effect; makes the line different, so that times counts it apart"),
  ]

  private static let numbers = [
    Row(.inputTokens, .number("N", default: 10), "usage; default 10"),
    Row(.outputTokens, .number("N", default: 1), "usage; default the number of deltas"),
    Row(.cacheRead, .number("N", default: 1), "usage; default 0"),
    Row(.cacheCreation, .number("N", default: 1), "usage; default 0"),
  ]
}
