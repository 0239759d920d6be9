extension Directive {
  /// What follows the name.
  enum Value {
    case flag
    /// A number; without one, the default, if there is one.
    case number(String, default: Int?)
    case word(String)
  }

  struct Row {
    let directive: Directive
    let value: Value
    let meaning: String

    init(_ directive: Directive, _ value: Value, _ meaning: String) {
      self.directive = directive
      self.value = value
      self.meaning = meaning
    }
  }

  static let table = texts + steps + waits + faults + numbers

  var value: Value { Directive.table.first { $0.directive == self }?.value ?? .flag }

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
    Row(.tool, .word("NAME"), "a call of the tool, then (its result has come) `The tool said: …`"),
    Row(.tools, .word("NAME:K"), "K calls in one message, numbered from 0: at %n in the input, else as {\"n\":0,…}"),
    Row(.schema, .flag, "a call of StructuredOutput, if that is among the tools"),
    Row(.input, .word("JSON"), "the input of the calls, without blanks; default {}"),
    Row(.input64, .word("BASE64"), "the same, encoded, for what has blanks"),
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
    Row(.stall, .number("N", default: 1), "after N deltas silence"),
    Row(.errorEvent, .number("N", default: 1), "after N deltas an `error` event, overloaded_error; unstreamed: 529"),
    Row(.stop, .word("REASON"), "the stop_reason of a message without calls; default end_turn"),
    Row(.times, .number("K", default: 1), "only the first K requests with this very line go wrong, stop and empty too"),
    Row(.late, .flag, "not the first message goes wrong, but the one after the last tool result"),
    Row(.key, .word("NAME"), "nothing; makes the line, and so its count of times, another one"),
  ]

  private static let numbers = [
    Row(.inputTokens, .number("N", default: 10), "usage; default 10"),
    Row(.outputTokens, .number("N", default: 1), "usage; default the number of deltas"),
    Row(.cacheRead, .number("N", default: 1), "usage; default 0"),
    Row(.cacheCreation, .number("N", default: 1), "usage; default 0"),
  ]
}
