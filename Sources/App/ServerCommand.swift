import Bytes
import ClaudeCode
import EventLoop
import HTTPServer
import System
import Telemetry
import Workspaces

/// The program: from its arguments to its exit.
public struct ServerCommand: Sendable {
  private let flags: CommandLineFlags
  private let settings: Settings
  private let environment: [String: String]
  private let log: LogWriter
  private let logger: Logger
  /// The warning at the start about a file with plain keys.
  private let keyWarning: String?

  /// Runs the program; does not return.
  public static func main(arguments: [String]) -> Never {
    do {
      if arguments.first == "key" {
        var entropy = Entropy()
        say(try KeyCommand(Array(arguments.dropFirst())).output(random: &entropy) { readLine() }, exit: 0)
      }
      let flags = try CommandLineFlags(arguments)
      if flags.showsHelp { say(CommandLineFlags.help, exit: 0) }
      if flags.showsVersion { say("claude-code-server \(Version.current)\n", exit: 0) }
      let command = try ServerCommand(flags)
      if flags.checksConfiguration { say(command.summary, exit: 0) }
      command.serve()
    } catch let error as CommandLineFlags.UsageError {
      complain("\(error.message)\n\n\(CommandLineFlags.help)", exit: 64)
    } catch let error as Settings.ConfigurationError {
      complain("The configuration has mistakes:\n\(error.mistakes.map { "  \($0)\n" }.joined())", exit: 78)
    } catch {
      complain("\(error)\n", exit: 78)
    }
  }

  private init(_ flags: CommandLineFlags) throws {
    self.flags = flags
    let inherited = ProcessControl.environment
    let file = try ServerCommand.dotEnv(flags.envFile)
    var variables = file.merging(inherited) { _, environment in environment }
    environment = variables
    if let host = flags.host { variables[SettingName.host.rawValue] = host }
    if let port = flags.port { variables[SettingName.port.rawValue] = port }
    if flags.simulates { variables[SettingName.cliPath.rawValue] = ServerCommand.simulatorPath }
    settings = try Settings(
      variables, on: MachineSize(cores: Machine.cores, memory: Machine.memory))
    keyWarning = KeyFile(path: flags.envFile ?? ".env", variables: file)?
      .warning(workspaces: WorkspaceManager(base: settings.workspaceBasePath).base)
    let now: @Sendable () -> Timestamp = { Timestamp(milliseconds: ProcessControl.wallClockMilliseconds) }
    let notice = Logger(level: settings.logLevel, format: settings.logFormat, now: now, write: { _ in })
    log = try LogWriter(path: settings.logFile) { count in
      notice.line(.warn, "dropped log lines", ["lines": JSONValue(count)])
    }
    logger = Logger(level: settings.logLevel, format: settings.logFormat, now: now, write: log.append)
  }

  private static func dotEnv(_ path: String?) throws -> [String: String] {
    guard let bytes = try FileContents.read(path ?? ".env") else {
      guard let path else { return [:] }
      throw StartError(message: "--env-file: no file \(path)")
    }
    do {
      return try DotEnv.parse(String(decoding: bytes, as: UTF8.self))
    } catch {
      throw StartError(message: "\(path ?? ".env"), line \(error.line): \(error.reason)")
    }
  }

  /// The simulator is in the server's directory.
  private static var simulatorPath: String {
    let path = ProcessControl.executablePath
    return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/claude-simulator"
  }

  /// What `--config-check` prints.
  private var summary: String {
    let cli = Application.locator(settings, environment).locate(isExecutable: Executable.exists)
    let warning = keyWarning.map { "Warning: \($0)\n" } ?? ""
    return "Claude Code CLI: \(cli ?? "none found")\nAPI keys: \(settings.keySummary)\n\(warning)"
      + "The configuration is fine.\n"
  }

  private var isSimulated: Bool {
    settings.cliPath?.split(separator: "/").last == "claude-simulator"
  }

  // MARK: Serving

  private func serve() -> Never {
    let signals = Signals.takeOver()
    ProcessControl.becomeSubreaper()
    ProcessControl.hideMemory()
    FreeMemory.giveBackLargeBlocks()
    let descriptors = ProcessControl.raiseDescriptorLimit()
    logger.debug("descriptor limit", ["descriptors": JSONValue(descriptors)])
    let start = Task { @Reactor in await begin() }
    let first = nextEnd(signals)
    logger.info(
      "shutting down", ["signal": .string("\(first)"), "grace": .string("\(settings.shutdownGrace)")])
    let shutdown = Task { @Reactor in
      await (await start.value).shutDown(grace: settings.shutdownGrace)
      // The second signal has ended the wait, and decides the exit status.
      guard !Task.isCancelled else { return }
      logger.info("bye")
      exit(0)
    }
    // A second signal ends the runs at once; the processes they started are still ended.
    _ = nextEnd(signals)
    logger.warn("ending everything at once")
    shutdown.cancel()
    Task { @Reactor in
      let composition = await start.value
      await composition.application.executor.kill()
      composition.removeScratch()
      exit(1)
    }
    _ = nextEnd(signals)
    exit(1)
  }

  /// Exits when the log is written, or its reader does not read.
  private func exit(_ status: Int32) -> Never {
    log.flush()
    ProcessControl.exit(status)
  }

  /// Waits for a signal to exit; SIGHUP reopens the log meanwhile.
  private func nextEnd(_ signals: Signals) -> Signals.Signal {
    while true {
      let signal = signals.next()
      guard signal == .hangUp else { return signal }
      do {
        if try log.reopen() { logger.info("log opened again") }
      } catch {
        logger.error("the log cannot be opened again", ["error": .string(error.description)])
      }
    }
  }

  @Reactor
  private func begin() async -> Composition {
    var made: Composition?
    do {
      let composition = try Composition(
        settings, environment: environment, isSimulated: isSimulated, logger: logger)
      made = composition
      let application = composition.application
      try await loadState(application)
      try application.server.listen(host: settings.host, port: settings.port)
      announce(application.server.port ?? settings.port)
      application.warmUp()
      await endOrphans()
      reportCLI(await application.services.probe.current())
      return composition
    } catch {
      made?.removeScratch()
      log.flush()
      ServerCommand.complain("The server cannot start: \(error)\n", exit: 1)
    }
  }

  @Reactor
  private func loadState(_ application: Application) async throws {
    guard settings.statePath != nil else { return }
    let (sessions, runs) = try await application.load()
    logger.info("state", ["sessions": JSONValue(sessions), "runs": JSONValue(runs)])
  }

  @Reactor
  private func endOrphans() async {
    let count = await Orphans().end()
    guard count > 0 else { return }
    logger.warn("ended processes that a killed server had left running", ["processes": JSONValue(count)])
  }

  private func announce(_ port: Int) {
    let isPath = settings.host.hasPrefix("unix:")
    let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
    logger.info(
      "listening",
      [
        "url": .string(isPath ? settings.host : "http://\(host):\(port)"), "version": .string(Version.current),
        "authentication": .string(settings.keySummary),
      ])
    if let keyWarning { logger.warn(keyWarning) }
    if isSimulated {
      logger.warn(Banner.framed("SIMULATOR: answers are made up. No Claude Code CLI is used."))
    }
    if settings.isOpenToTheWorld {
      logger.warn(
        Banner.framed("NO API KEY, AND OPEN TO THE NETWORK: anyone who reaches this port can run commands here."))
    }
  }

  private static func say(_ text: String, exit status: Int32) -> Never {
    ProcessControl.write(Array(text.utf8), to: 1)
    ProcessControl.exit(status)
  }

  private static func complain(_ text: String, exit status: Int32) -> Never {
    ProcessControl.write(Array(text.utf8), to: 2)
    ProcessControl.exit(status)
  }
}

extension ServerCommand {
  private func reportCLI(_ report: CLIProbe.Report) {
    switch report.finding {
    case .available(let path, let version, _):
      logger.info("Claude Code CLI", ["path": .string(path), "version": .string(version)])
    case .notFound(let candidates):
      logger.error(
        "the Claude Code CLI was not found: install it or set CLAUDE_CLI_PATH",
        ["searched": .array(candidates.map { .string($0) })])
    case .failed(let path, let reason):
      logger.error("the Claude Code CLI does not respond", ["path": .string(path), "reason": .string(reason)])
    }
  }
}

/// A line that stands out.
enum Banner {
  static func framed(_ text: String) -> String {
    let rule = String(repeating: "!", count: 8)
    return "\(rule) \(text) \(rule)"
  }
}
