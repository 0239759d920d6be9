import EventLoop
import System

/// Why a turn brought no answer, or no complete one.
public struct ClaudeError: Error, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// There is no CLI to run.
    case cliNotFound
    /// The system refused to start it.
    case cannotStart
    /// The system has no descriptor, process or memory left to start it with.
    case exhausted
    /// The turn's directory is no longer one below the base of all workspaces.
    case workspaceUnusable
    /// It said something on standard error and left, before any answer.
    case refused
    case sessionNotFound
    case sessionInUse
    /// Too many turns wait for the session, or one waited too long.
    case sessionBusy
    /// As many turns as may run do, and as many as may wait.
    case overloaded
    /// The upstream API answered with this status.
    case upstream(status: Int)
    case totalTimeout
    case inactivityTimeout
    /// The process ended without a result.
    case lost
    /// A result that holds nothing.
    case empty
    /// The upstream cut the answer, and what it sent the second time was different.
    case diverged
    case maxTurns
    case budget
    case failed
    case cancelled
    /// The server ended, or was killed, while the run was under way.
    case interrupted
  }

  public let kind: Kind
  public let message: String
  /// Whether the turn had been handed to a CLI: a repeat would run the agent again.
  public let reachedCLI: Bool

  public init(_ kind: Kind, _ message: String, reachedCLI: Bool) {
    self.kind = kind
    self.message = message
    self.reachedCLI = reachedCLI
  }
}

extension ClaudeError {
  /// The error of a CLI that the system would not start.
  init(_ error: SystemCallError, starting command: ChildCommand) {
    if error.call == ContainedDirectory.call {
      let name = command.directory.split(separator: "/").last ?? ""
      self.init(
        .workspaceUnusable, "The workspace \(name) cannot be used, it is not the directory it was: \(error)",
        reachedCLI: false)
    } else {
      self.init(
        error.isShortage ? .exhausted : .cannotStart, "Claude Code cannot be started: \(error)", reachedCLI: false)
    }
  }

  /// The error of a process that ended without a result.
  init(exit: String, standardError: String, sawOutput: Bool) {
    let said = standardError.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
    if let said, said.contains(ClaudeError.unknownSession) {
      self = .noSession(ClaudeError.lastWord(said))
    } else if let said, said.contains("is already in use") {
      self.init(.sessionInUse, said, reachedCLI: false)
    } else if let said, !sawOutput {
      self.init(.refused, "Claude Code refused to run: \(said)", reachedCLI: true)
    } else {
      let reason = said.map { "\(exit): \($0)" } ?? exit
      self.init(.lost, "Claude Code ended without a result (\(reason))", reachedCLI: true)
    }
  }
}

extension ClaudeError {
  /// There is no such session, or it is somebody else's: the two are not to be told apart, whoever found out.
  public static func noSession(_ id: String) -> ClaudeError {
    ClaudeError(.sessionNotFound, "No session \(id)", reachedCLI: false)
  }

  /// The error of a run that a restart of the server cut off.
  static let interrupted = ClaudeError(
    .interrupted, "The server ended while the run was under way", reachedCLI: true)
  static let callerLeft = ClaudeError(.cancelled, "The client left", reachedCLI: false)
  static let shuttingDown = ClaudeError(.cancelled, "The server is shutting down", reachedCLI: false)

  /// What the CLI says of a session that it does not know; the session's id is the last word (2.1.329).
  static let unknownSession = "No conversation found"

  static func lastWord(_ text: String) -> String { text.split(separator: " ").last.map(String.init) ?? "" }
}
