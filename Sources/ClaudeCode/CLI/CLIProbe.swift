import Bytes
public import EventLoop
import System
public import Telemetry

/// Asks the CLI for its version: when its file was replaced, and for health checks at most every 30 s, because they come
/// far more often than the version changes.
@Reactor
public final class CLIProbe {
  /// What the probe found, and when.
  public struct Report: Sendable, Equatable {
    public enum Finding: Sendable, Equatable {
      case available(path: String, version: String, exitCode: Int)
      /// Older than `CLIVersion.oldestSupported`.
      case unsupported(path: String, version: String)
      case notFound(candidates: [String])
      case failed(path: String, reason: String)
    }

    public let finding: Finding
    public let takenAt: Timestamp
  }

  private let locator: CLILocator
  private let environment: [String: String]
  private let clock: @Sendable () -> Timestamp
  private let scheduler: any Scheduler
  private var report: Report?
  private var reportedAt: ContinuousClock.Instant?
  /// The file that the report, or the probe under way, is about; nil if there was none.
  private var program: FileVersion?
  private var waiting: [CheckedContinuation<Report, Never>] = []
  private var command: VersionCommand?

  /// How long a report is valid.
  public static let freshness: Duration = .seconds(30)
  /// How long `--version` may take: 10 ms in new versions, 200 ms in old ones.
  public static let timeout: Duration = .seconds(10)
  /// How much of its output is kept, in bytes.
  static let maximumOutput = 4 * 1024

  public init(
    locator: CLILocator, environment: CLIEnvironment, clock: @escaping @Sendable () -> Timestamp,
    scheduler: any Scheduler = Loop.main
  ) {
    self.locator = locator
    self.environment = environment.plain
    self.clock = clock
    self.scheduler = scheduler
  }

  /// The current report. A new probe runs only if the last report is too old or about another file; simultaneous
  /// callers share it.
  public func current() async -> Report {
    if let report, isFresh, isAboutInstalled { return report }
    return await probed()
  }

  /// What the CLI that would be started now can do. A report about the same file is valid at any age, unless the CLI
  /// did not respond.
  ///
  /// - Throws: `ClaudeError` if the CLI is too old.
  func capabilities() async throws(ClaudeError) -> CLICapabilities {
    let report: Report
    if let last = self.report, isAboutInstalled, isFresh || !last.finding.isFailure {
      report = last
    } else {
      report = await probed()
    }
    if let refusal = report.finding.refusal { throw ClaudeError(.cliUnsupported, refusal, reachedCLI: false) }
    return report.finding.capabilities
  }

  /// The same without asking.
  var known: CLICapabilities {
    guard let report, isAboutInstalled else { return .unknown }
    return report.finding.capabilities
  }

  private var isFresh: Bool { reportedAt.map { scheduler.now - $0 < CLIProbe.freshness } ?? false }

  private var isAboutInstalled: Bool {
    program == locator.locate(isExecutable: Executable.exists).flatMap(FileVersion.of)
  }

  private func probed() async -> Report {
    await withCheckedContinuation { continuation in
      waiting.append(continuation)
      if waiting.count == 1 { probe() }
    }
  }

  private func probe() {
    let path = locator.locate(isExecutable: Executable.exists)
    program = path.flatMap(FileVersion.of)
    guard let path else { return finish(.notFound(candidates: locator.candidates)) }
    do {
      command = try VersionCommand(path, environment, scheduler) { [weak self] in self?.finish($0) }
    } catch {
      finish(.failed(path: path, reason: error.description))
    }
  }

  private func finish(_ finding: Report.Finding) {
    let report = Report(finding: finding, takenAt: clock())
    self.report = report
    reportedAt = scheduler.now
    command = nil
    let continuations = waiting
    waiting = []
    for continuation in continuations { continuation.resume(returning: report) }
  }
}

extension CLIProbe.Report.Finding {
  /// What is found of a program that printed `version`.
  init(_ path: String, printing version: String) {
    let isSupported = CLIVersion(parsing: version)?.isSupported ?? true
    self =
      isSupported ? .available(path: path, version: version, exitCode: 0) : .unsupported(path: path, version: version)
  }

  /// Why the server does not work with this CLI; nil if it does, or if that is not known.
  public var refusal: String? {
    guard case .unsupported(let path, let version) = self else { return nil }
    return "The Claude Code CLI \(path) is too old: it is \(version), and \(CLIVersion.oldestSupported) or newer is "
      + "needed. Update it (claude update), or set CLAUDE_CLI_PATH to a newer one."
  }

  fileprivate var capabilities: CLICapabilities {
    guard case .available(_, let version, _) = self else { return .unknown }
    return CLICapabilities(CLIVersion(parsing: version))
  }

  fileprivate var isFailure: Bool { if case .failed = self { true } else { false } }
}

/// One `claude --version`.
@Reactor
private final class VersionCommand: ChildProcessOwner {
  private let path: String
  private let onEnd: @Reactor (CLIProbe.Report.Finding) -> Void
  private var child: ChildProcess?
  private var output = ""
  private var timer: (any ScheduledTimer)?

  init(
    _ path: String, _ environment: [String: String], _ scheduler: any Scheduler,
    onEnd: @escaping @Reactor (CLIProbe.Report.Finding) -> Void
  ) throws(SystemCallError) {
    self.path = path
    self.onEnd = onEnd
    let command = ChildCommand(
      executable: path, arguments: ["--version"], environment: environment, directory: "/")
    // Unique, because leftovers of a command are found by this marker.
    let id = "version-\(UInt(bitPattern: ObjectIdentifier(self)))"
    child = try ChildProcess(command, marker: ProcessOwner.current.marker(id), owner: self)
    child?.closeInput()
    timer = scheduler.schedule(after: CLIProbe.timeout) { [weak self] in
      self?.child?.tearDown(.immediate, scheduler: scheduler)
    }
  }

  func childDidWrite(output bytes: Span<UInt8>) { append(bytes) }
  func childDidWrite(errors bytes: Span<UInt8>) { append(bytes) }

  private func append(_ bytes: Span<UInt8>) {
    let room = max(0, CLIProbe.maximumOutput - output.utf8.count)
    output += bytes.text(in: 0..<min(bytes.count, room))
  }

  func childDidExit(_ status: ExitStatus) {
    timer?.cancel()
    child = nil
    let said = output.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    if status == .exited(0) {
      onEnd(CLIProbe.Report.Finding(path, printing: said))
    } else {
      onEnd(.failed(path: path, reason: said.isEmpty ? status.description : "\(status): \(said)"))
    }
  }
}
