public import Bytes

/// The contents of a `result` line, decoded once per turn.
public struct TurnResult: Sendable, Equatable {
  public let subtype: String
  public let isError: Bool
  public let text: String
  public let stopReason: String?
  public let turns: Int
  public let usage: TokenUsage
  /// US dollars. On the CLI's line it counts from the start of the process; in a run's outcome it is the turn's own.
  public private(set) var totalCost: Double?
  public let apiErrorStatus: Int?
  public let terminalReason: String?
  public let errors: [String]
  public let sessionID: String?
  /// The answer that the turn's schema asked for.
  public let structuredOutput: JSONValue?

  /// Nil for a line that is not a result.
  public init?(_ line: Span<UInt8>) {
    guard let value = try? JSONValue(parsing: line), value["type"]?.string == "result" else { return nil }
    subtype = value["subtype"]?.string ?? ""
    isError = value["is_error"]?.bool ?? false
    text = value["result"]?.string ?? ""
    stopReason = value["stop_reason"]?.string
    turns = value["num_turns"]?.count ?? 0
    usage = TokenUsage(value["usage"] ?? .null)
    totalCost = value["total_cost_usd"]?.amount
    apiErrorStatus = value["api_error_status"]?.int
    terminalReason = value["terminal_reason"]?.string
    errors = (value["errors"]?.array ?? []).compactMap(\.string)
    sessionID = value["session_id"]?.string
    structuredOutput = value["structured_output"].flatMap { $0.isNull ? nil : $0 }
  }

  /// Whether the answer was cut by a limit: of output tokens, or of the CLI's steps.
  public var wasCut: Bool { subtype == "error_max_turns" || reachedOutputLimit }

  /// The CLI continues an answer that reaches the upstream's limit, a few times, and then reports an error in words
  /// (2.1.329). All the text was emitted.
  var reachedOutputLimit: Bool { isError && text.contains("output token maximum") }

  func withCost(_ cost: Double) -> TurnResult {
    var result = self
    result.totalCost = cost
    return result
  }
}

/// Token counts of the upstream. Each is in 0...`JSONValue.maximumCount`.
public struct TokenUsage: Sendable, Equatable {
  public var input = 0
  public var cacheCreation = 0
  public var cacheRead = 0
  public var output = 0
  public var thinking = 0

  public init() {}

  public init(_ usage: JSONValue) {
    input = usage["input_tokens"]?.count ?? 0
    cacheCreation = usage["cache_creation_input_tokens"]?.count ?? 0
    cacheRead = usage["cache_read_input_tokens"]?.count ?? 0
    output = usage["output_tokens"]?.count ?? 0
    thinking = usage["output_tokens_details"]?["thinking_tokens"]?.count ?? 0
  }

  public static func += (total: inout TokenUsage, more: TokenUsage) {
    total.input = JSONValue.sum(total.input, more.input)
    total.cacheCreation = JSONValue.sum(total.cacheCreation, more.cacheCreation)
    total.cacheRead = JSONValue.sum(total.cacheRead, more.cacheRead)
    total.output = JSONValue.sum(total.output, more.output)
    total.thinking = JSONValue.sum(total.thinking, more.thinking)
  }

  /// All input tokens, cached or not.
  public var prompt: Int { JSONValue.sum(JSONValue.sum(input, cacheCreation), cacheRead) }

  /// All input and output tokens.
  public var total: Int { JSONValue.sum(prompt, output) }
}

extension ClaudeError {
  /// The error that `result` reports; nil for a success. An upstream failure has the subtype `success`, too.
  public init?(_ result: TurnResult) {
    guard result.isError || result.subtype != "success" else { return nil }
    let said = result.errors.first ?? (result.text.isEmpty ? result.subtype : result.text)
    if let status = result.apiErrorStatus {
      self.init(.upstream(status: status), said, reachedCLI: true)
    } else if said.hasPrefix(ClaudeError.unknownSession) {
      self = .noSession(ClaudeError.lastWord(said))
    } else if result.reachedOutputLimit {
      self.init(.outputLimit, "The answer reached the limit of output tokens", reachedCLI: true)
    } else {
      switch result.subtype {
      case "error_max_turns": self.init(.maxTurns, "The turn limit was reached", reachedCLI: true)
      case "error_max_budget_usd": self.init(.budget, "The budget of the turn is spent", reachedCLI: true)
      default: self.init(.failed, said, reachedCLI: true)
      }
    }
  }
}
