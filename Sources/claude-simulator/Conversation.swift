import Bytes

/// The state of the process: who it is talking with, and how far it has come.
final class Conversation {
  let options: LaunchOptions
  let defaults: Directives
  let store: SessionStore
  let workingDirectory: String
  let sessionID: String
  let isResumed: Bool
  var model: String
  var permissionMode: String
  /// The `request` of the last initialize.
  var initializeRequest: JSONValue?
  /// The user's texts of the session so far, those of earlier processes included.
  private(set) var userTexts: [String]
  /// What the whole process has used.
  var used = TokenCount()
  var apiMilliseconds = 0
  var resultCount = 0
  var exitStatus: Int32 = 0
  /// Answers no control requests.
  var isDeaf: Bool
  /// Ignores SIGTERM and the end of stdin.
  var isStubborn = false
  /// Swallows user lines: a turn has ended without its result.
  var isMute = false
  var lateExit: Int?

  /// - Throws: when the session that is asked for does not exist, or does.
  init(options: LaunchOptions, defaults: Directives, ids: inout IdentifierSource) throws(LaunchFailure) {
    self.options = options
    self.defaults = defaults
    workingDirectory = Environment.workingDirectory
    store = SessionStore(configuration: Environment.configurationDirectory, workingDirectory: workingDirectory)
    let session = try SessionChoice(options, store, newID: ids.uuid())
    sessionID = session.id
    isResumed = session.origin != nil
    userTexts = session.origin.map(store.userTexts) ?? []
    model = Conversation.resolved(options.flags["--model"] ?? "default")
    permissionMode = options.permissionMode
    isDeaf = defaults.has(.deaf)
    lateExit = defaults[.lateExit]
  }

  func remember(_ text: String) {
    userTexts.append(text)
    if options.keepsSession { store.append(text, to: sessionID) }
  }

  func becomeStubborn() {
    isStubborn = true
    Signals.ignoreTermination()
  }

  static func resolved(_ model: String) -> String {
    ["default", "opus"].contains(model) ? "claude-opus-5-5" : model
  }
}
