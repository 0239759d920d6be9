import EventLoop
import System

/// Why a turn has no answer, or no complete one.
public struct ClaudeError: Error, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// No CLI is installed.
    case cliNotFound
    /// The system refused to start the CLI.
    case cannotStart
    /// The system has no descriptor, process or memory left to start the CLI with.
    case exhausted
    /// The turn's directory is no longer below the base of all workspaces.
    case workspaceUnusable
    /// The CLI printed an error and exited before any answer.
    case refused
    /// The CLI left out a function, or the schema of the answer.
    case schemaRefused
    case sessionNotFound
    case sessionInUse
    /// Too many turns wait for the session, or this one waited too long.
    case sessionBusy
    /// The server runs as many turns as it may, and as many wait.
    case overloaded
    /// The upstream API responded with this status.
    case upstream(status: Int)
    case totalTimeout
    case inactivityTimeout
    /// The process exited without a result.
    case lost
    /// The result has no content.
    case empty
    /// The upstream cut the answer off, and its second attempt was different.
    case diverged
    case maxTurns
    /// The answer reached the upstream's limit of output tokens; all of it was emitted.
    case outputLimit
    case budget
    case failed
    case cancelled
    /// The server ended while the run was under way.
    case interrupted
  }

  public let kind: Kind
  public let message: String
  /// Whether the turn reached a CLI: a retry would run the agent again.
  public let reachedCLI: Bool

  public init(_ kind: Kind, _ message: String, reachedCLI: Bool) {
    self.kind = kind
    self.message = message
    self.reachedCLI = reachedCLI
  }
}

extension ClaudeError {
  /// The error of a CLI that the system did not start.
  init(_ error: SystemCallError, starting command: ChildCommand) {
    if error.call == ContainedDirectory.call {
      let name = command.directory.split(separator: "/").last ?? ""
      self.init(
        .workspaceUnusable,
        "The workspace \(name) cannot be used, because it is no longer the same directory: \(error)",
        reachedCLI: false)
    } else {
      self.init(
        error.isShortage ? .exhausted : .cannotStart, "Claude Code cannot be started: \(error)", reachedCLI: false)
    }
  }

  /// The error of a process that exited without a result.
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
  /// The session does not exist, or belongs to another principal. Both look the same, so that nobody can probe for ids.
  public static func noSession(_ id: String) -> ClaudeError {
    ClaudeError(.sessionNotFound, "No session \(id)", reachedCLI: false)
  }

  /// The error of a run that a restart of the server interrupted.
  static let interrupted = ClaudeError(
    .interrupted, "The server ended while the run was under way", reachedCLI: true)
  static let callerLeft = ClaudeError(.cancelled, "The client left", reachedCLI: false)
  static let shuttingDown = ClaudeError(.cancelled, "The server is shutting down", reachedCLI: false)

  /// How the CLI reports an unknown session; the session's id is the last word (2.1.329).
  static let unknownSession = "No conversation found"

  static func lastWord(_ text: String) -> String { text.split(separator: " ").last.map(String.init) ?? "" }
}
