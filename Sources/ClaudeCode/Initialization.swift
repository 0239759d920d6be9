/// What `initialize` freezes in a process, before its first turn.
public struct Initialization: Hashable, Sendable {
  public var systemPrompt: String?
  public var appendSystemPrompt: String?

  public init(_ options: TurnOptions) {
    systemPrompt = options.systemPrompt
    appendSystemPrompt = options.appendSystemPrompt
  }
}
