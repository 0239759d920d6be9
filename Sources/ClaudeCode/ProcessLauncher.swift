import Bytes
import EventLoop
import Telemetry

/// Starts CLI processes: finds the program, and makes its command line and environment.
@Reactor
struct ProcessLauncher {
  let locator: CLILocator
  let environment: CLIEnvironment
  let logger: Logger
  let newID: @Reactor () -> String

  /// Where the CLI is; nil if there is none.
  func locate() -> String? { locator.locate(isExecutable: Executable.exists) }

  /// The program that would be started now. Another one may have been installed since a process was started.
  var currentProgram: Executable.Version? { locate().flatMap(Executable.version) }

  func launch(
    _ session: Turn.Session, _ fingerprint: Fingerprint,
    onReady: @escaping @Reactor (ClaudeProcess) -> Void, onExit: @escaping @Reactor (ClaudeProcess) -> Void
  ) throws(ClaudeError) -> ClaudeProcess {
    guard let path = locate() else { throw notFound }
    let command = ChildCommand(
      executable: path, arguments: CLIArguments.arguments(for: fingerprint, session),
      environment: environment.environment(for: fingerprint), directory: fingerprint.directory,
      containedIn: fingerprint.workspaceBase)
    do {
      return try ClaudeProcess(
        command, fingerprint, sessionID: session.id, id: newID(), onReady: onReady, onExit: onExit)
    } catch {
      logger.error("cannot start Claude Code", ["error": .string(error.description)])
      throw ClaudeError(error, starting: command)
    }
  }

  private var notFound: ClaudeError {
    let places = locator.candidates.joined(separator: ", ")
    return ClaudeError(
      .cliNotFound, "The Claude Code CLI was not found. Install it or set CLAUDE_CLI_PATH. Looked at: \(places)",
      reachedCLI: false)
  }
}
