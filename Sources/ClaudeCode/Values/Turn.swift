public import Bytes

/// A request to the model: one prompt and everything up to its result. A value.
public struct Turn: Sendable, Equatable {
  public enum Session: Sendable, Equatable {
    /// A new session with this id, unless a spare with a session of its own serves the turn.
    case new(id: String)
    /// The next turn of a session that the CLI has a transcript of.
    case resume(id: String)
    /// A new session that begins with a transcript. If the CLI does not accept it, the turn sends `fallback` instead of
    /// its own content.
    case imported(id: String, Transcript, fallback: HistoryPrompt)

    /// Whether no other client can know the session.
    var isNew: Bool { if case .resume = self { false } else { true } }

    public var id: String {
      switch self {
      case .new(let id), .resume(let id), .imported(let id, _, _): id
      }
    }
  }

  /// The principal's id: turns of different principals share the machine fairly.
  public var principal = ""
  /// The user's message, as the CLI is to see it.
  public var content: [ContentBlock]
  public var session: Session
  /// The workspace's absolute path.
  public var directory: String
  /// The directory that `directory` must still be below when the CLI starts, without a link in between; nil for no such
  /// limit.
  public var workspaceBase: String?
  public var options: TurnOptions
  /// A file with the turn's MCP servers; nil for none.
  public var mcpConfigPath: String?
  /// How long the CLI may wait for upstream retries before the turn fails; nil for no limit.
  public var retryTimeout: Duration?
  /// Functions of the client that the model may call.
  public var functions: [FunctionDeclaration] = []
  /// Built-in tools that the request allows for this turn only, beside its options.
  public var allowedBuiltInTools: [String] = []
  /// How many calls one message may make.
  public var maximumCalls = Int.max
  /// The names of the functions.
  public var functionNames: Set<String> { Set(functions.map(\.name)) }
  /// The functions whose arguments differ from the client's, by name.
  public var argumentMappings: [String: ValueMapping] {
    functions.reduce(into: [:]) { mappings, function in
      if let mapping = function.mapping { mappings[function.name] = mapping }
    }
  }
  /// The JSON schema of the answer; nil for free text.
  public var outputSchema: JSONValue?
  /// The permission mode of a turn whose options name none; nil leaves it to the CLI and its user settings.
  public var defaultPermissionMode: PermissionMode?
  /// The tools that the client may approve.
  public var toolCeiling = ToolCeiling.none
  /// Whether a message that begins with `/` is a command of the CLI. If not, it is text, in every dialect.
  public var takesCommands = false

  public init(
    content: [ContentBlock], session: Session, directory: String, workspaceBase: String? = nil,
    options: TurnOptions = TurnOptions(), mcpConfigPath: String? = nil, retryTimeout: Duration? = nil
  ) {
    self.content = content
    self.session = session
    self.directory = directory
    self.workspaceBase = workspaceBase
    self.options = options
    self.mcpConfigPath = mcpConfigPath
    self.retryTimeout = retryTimeout
  }

  public init(
    prompt: String, session: Session, directory: String, workspaceBase: String? = nil,
    options: TurnOptions = TurnOptions(), mcpConfigPath: String? = nil, retryTimeout: Duration? = nil
  ) {
    self.init(
      content: [.text(prompt)], session: session, directory: directory, workspaceBase: workspaceBase, options: options,
      mcpConfigPath: mcpConfigPath, retryTimeout: retryTimeout)
  }

  /// The permission mode the CLI works in; nil leaves it to the CLI.
  public var permissionMode: PermissionMode? { options.effectivePermissionMode ?? defaultPermissionMode }

  /// Drops the user's message and the conversation before it, once the CLI has them.
  mutating func dropContent() {
    content = []
    if case .imported(let id, _, _) = session { session = .resume(id: id) }
  }

  /// Which of the model's calls the client answers.
  public var clientCalls: CallSelection {
    CallSelection(maximum: maximumCalls, functions: functionNames, mappings: argumentMappings)
  }
  /// Whether the client may have to answer before the turn can continue.
  var asksClient: Bool { !functions.isEmpty || options.forwardsQuestions == true }

  /// The texts of the user's message.
  public var prompt: String { content.compactMap(\.text).joined(separator: "\n\n") }
}
