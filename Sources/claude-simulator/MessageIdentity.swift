/// Which message a line belongs to, and whose it is.
struct MessageIdentity {
  let id: String
  /// The call of the agent that speaks; nil: the conversation's own.
  let parent: String?
}
