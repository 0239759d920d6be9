import Bytes
import EventLoop
import Glibc
import System
import Telemetry

/// Starts CLI processes: finds the program, and makes its command line and environment.
@Reactor
struct ProcessLauncher {
  let locator: CLILocator
  let environment: CLIEnvironment
  let logger: Logger
  /// The wall clock.
  let clock: @Sendable () -> Timestamp
  let newID: @Reactor () -> String
  let settings: UserSettingsGuard

  init(
    locator: CLILocator, environment: CLIEnvironment, logger: Logger, clock: @escaping @Sendable () -> Timestamp,
    newID: @escaping @Reactor () -> String
  ) {
    self.locator = locator
    self.environment = environment
    self.logger = logger
    self.clock = clock
    self.newID = newID
    settings = UserSettingsGuard(configuration: environment.configurationDirectory, logger: logger)
  }

  /// Where the CLI is; nil if there is none.
  func locate() -> String? { locator.locate(isExecutable: Executable.exists) }

  /// The program that would be started now. Another version may have been installed since a process was started.
  var currentProgram: FileVersion? { locate().flatMap(FileVersion.of) }

  /// Writes the transcript of an imported session.
  ///
  /// - Throws: `SystemCallError`.
  func write(_ transcript: Transcript, for session: String, _ fingerprint: Fingerprint) async throws(SystemCallError) {
    guard let configuration = environment.configurationDirectory else {
      throw SystemCallError("find the CLI's configuration directory", code: ENOENT)
    }
    // The CLI names the folder after its resolved working directory.
    let directory = try FilePath.resolved(fingerprint.directory)
    let context = Transcript.Context(
      sessionID: session, directory: directory, timestamp: clock().iso8601, model: fingerprint.model)
    let location = TranscriptLocation(configuration: configuration, directory: directory, sessionID: session)
    try await TranscriptFile.write(transcript, in: context, to: location, newID: newID)
  }

  /// Where the CLI keeps the transcript of a session that works in `directory`; nil if it can have none.
  func transcript(of session: String, in directory: String) -> TranscriptLocation? {
    guard let configuration = environment.configurationDirectory else { return nil }
    let resolved = (try? FilePath.resolved(directory)) ?? directory
    return TranscriptLocation(configuration: configuration, directory: resolved, sessionID: session)
  }

  func transcript(of process: ClaudeProcess) -> TranscriptLocation? {
    transcript(of: process.sessionID, in: process.fingerprint.directory)
  }

  /// The cost at which a CLI that resumes the session starts counting, in US dollars.
  func costState(of session: String, in directory: String) async -> Double {
    guard let location = transcript(of: session, in: directory) else { return 0 }
    return await CostState.last(in: location)
  }

  func launch(
    _ session: Turn.Session, _ fingerprint: Fingerprint,
    onReady: @escaping @Reactor (ClaudeProcess) -> Void, onExit: @escaping @Reactor (ClaudeProcess) -> Void
  ) throws(ClaudeError) -> ClaudeProcess {
    guard let path = locate() else { throw notFound }
    settings.restore()
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
