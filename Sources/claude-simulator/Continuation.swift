/// Why the CLI goes on by itself after a message.
enum Continuation {
  case maxTokens
  case refusal

  var stopReason: String {
    switch self {
    case .maxTokens: "max_tokens"
    case .refusal: "refusal"
    }
  }

  /// What it says to the model in the user's name.
  var request: String {
    switch self {
    case .maxTokens:
      "Output token limit hit. Resume directly — no apology, no recap of what you were doing. Pick up mid-thought if "
        + "that is where the cut happened. Break remaining work into smaller pieces."
    case .refusal:
      "Your response above was stopped by a safety classifier — this is not a tool or API error. The rest of it was "
        + "withheld, and tool calls in it that had not finished did not run. Do not produce that content again, even "
        + "reworded."
    }
  }
}
