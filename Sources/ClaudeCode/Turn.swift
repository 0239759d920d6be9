/// One prompt and everything that is to follow until its result: what to do, as a value.
public struct Turn: Sendable, Equatable {
  public enum Session: Sendable, Equatable {
    /// A new conversation, under an id chosen by us.
    case new(id: String)
    /// The next turn of a conversation the CLI has a transcript of.
    case resume(id: String)

    public var id: String {
      switch self {
      case .new(let id), .resume(let id): id
      }
    }
  }

  /// The user's message, as the CLI is to see it.
  public var prompt: String
  public var session: Session
  /// The workspace's absolute path.
  public var directory: String
  /// The directory that `directory` must still lie below when the CLI is started, without a link in between; nil if it
  /// may be anywhere.
  public var workspaceBase: String?
  public var options: TurnOptions
  /// A file with the MCP servers this turn may use; nil for none.
  public var mcpConfigPath: String?
  /// How much waiting for upstream retries is tolerated before the turn fails; nil for all of it.
  public var retryPatience: Duration?

  public init(
    prompt: String, session: Session, directory: String, workspaceBase: String? = nil,
    options: TurnOptions = TurnOptions(), mcpConfigPath: String? = nil, retryPatience: Duration? = nil
  ) {
    self.prompt = prompt
    self.session = session
    self.directory = directory
    self.workspaceBase = workspaceBase
    self.options = options
    self.mcpConfigPath = mcpConfigPath
    self.retryPatience = retryPatience
  }
}
