import Bytes

extension RunJournal {
  /// The run's status.
  public enum State: Sendable, Equatable {
    /// The run has not begun.
    case queued
    case running
    /// The run waits for its client.
    case parked
    /// With an error, or with an answer.
    case ended(ClaudeError?)
  }

  /// The sum of all turns that have ended.
  public struct Total: Sendable, Equatable {
    public var turns = 0
    /// US dollars.
    public var cost = 0.0
    public var usage = TokenUsage()
  }
}

extension RunJournal.State {
  init(_ outcome: RunOutcome) {
    switch outcome {
    // The rest of the turn is in the journal of the request that resumes it.
    case .parked: self = .ended(nil)
    case .failed(let error): self = .ended(error)
    case .result(let result): self = .ended(ClaudeError(result))
    }
  }
}

extension RunJournal.Total {
  mutating func add(_ outcome: RunOutcome) {
    guard case .result(let result) = outcome else { return }
    turns += 1
    cost += result.totalCost ?? 0
    usage += result.usage
  }

  var json: JSONValue {
    [
      "turns": JSONValue(turns), "cost": .number("\(cost)"), "input_tokens": JSONValue(usage.input),
      "cache_creation_input_tokens": JSONValue(usage.cacheCreation),
      "cache_read_input_tokens": JSONValue(usage.cacheRead),
      "output_tokens": JSONValue(usage.output), "output_tokens_details": ["thinking_tokens": JSONValue(usage.thinking)],
    ]
  }

  init(_ json: JSONValue) {
    turns = json["turns"]?.count ?? 0
    cost = json["cost"]?.amount ?? 0
    usage = TokenUsage(json)
  }
}
