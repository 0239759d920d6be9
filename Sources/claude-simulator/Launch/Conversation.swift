import Bytes
import Directives
import Glibc

/// The state of the process and of its session.
final class Conversation {
  let options: LaunchOptions
  let defaults: SimulatorDirectives
  private(set) var store: SimulatedSessions
  private(set) var workingDirectory: String
  private(set) var sessionID: String
  /// Whether the process waits for `claim_session`.
  private(set) var awaitsClaim: Bool
  let isResumed: Bool
  var model: String
  /// The names of the allowed tools.
  var allowedTools: [String]
  var permissionMode: String
  /// The `request` of the last initialize.
  var initializeRequest: JSONValue?
  /// The user texts of the session so far, including those of earlier processes.
  private(set) var userTexts: [String]
  /// The tokens of the process so far.
  var used = TokenCount()
  var apiMilliseconds = 0
  var resultCount = 0
  var exitStatus: Int32 = 0
  /// Whether control requests get no answer.
  var isDeaf: Bool
  /// Whether the process ignores SIGTERM and the end of stdin.
  var isStubborn = false
  /// Whether user lines are dropped, because a turn has ended without its result.
  var isMute = false
  var lateExit: Int?

  /// - Throws: for `--resume` with an unknown session, and for `--session-id` with an existing one.
  init(options: LaunchOptions, defaults: SimulatorDirectives, ids: inout IdentifierSource) throws(LaunchFailure) {
    self.options = options
    self.defaults = defaults
    workingDirectory = Environment.workingDirectory
    store = SimulatedSessions(configuration: Environment.configurationDirectory, workingDirectory: workingDirectory)
    let session = try SessionChoice(options, store, newID: ids.uuid())
    sessionID = session.id
    isResumed = session.origin != nil
    userTexts = session.origin.map(store.userTexts) ?? []
    model = Conversation.resolved(options.flags["--model"] ?? "default")
    permissionMode = options.permissionMode
    allowedTools = options.allowedTools
    awaitsClaim = options.flags.has("--await-claim")
    isDeaf = defaults.has(.deaf)
    lateExit = defaults[.lateExit]
  }

  func remember(_ text: String) {
    userTexts.append(text)
    if options.keepsSession { store.append(text, to: sessionID) }
  }

  /// Moves the process to the directory of its session.
  ///
  /// - Returns: false if there is no such directory.
  func claim(_ directory: String, mode: String, id: String) -> Bool {
    guard unsafe chdir(directory) == 0 else { return false }
    workingDirectory = directory
    store = SimulatedSessions(configuration: Environment.configurationDirectory, workingDirectory: directory)
    (sessionID, permissionMode, awaitsClaim) = (id, mode, false)
    return true
  }

  func becomeStubborn() {
    isStubborn = true
    SimulatorSignals.ignoreTermination()
  }

  static func resolved(_ model: String) -> String {
    ["default", "opus"].contains(model) ? "claude-opus-5-5" : model
  }
}
