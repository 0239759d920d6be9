import Bytes
public import EventLoop
import System
public import Telemetry

/// Asks the CLI for its version, at most every 30 s: health checks come far more often than the version changes.
@Reactor
public final class CLIProbe {
  /// What the probe found, and when.
  public struct Report: Sendable, Equatable {
    public enum Finding: Sendable, Equatable {
      case available(path: String, version: String, exitCode: Int)
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
  private var waiting: [CheckedContinuation<Report, Never>] = []
  private var command: VersionCommand?

  /// How long a report is valid.
  public static let freshness: Duration = .seconds(30)
  /// How long `--version` may take (usually 10 ms).
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

  /// The current report. A new probe runs only if the last report is too old; simultaneous callers share it.
  public func current() async -> Report {
    if let report, let reportedAt, scheduler.now - reportedAt < CLIProbe.freshness { return report }
    return await withCheckedContinuation { continuation in
      waiting.append(continuation)
      if waiting.count == 1 { probe() }
    }
  }

  private func probe() {
    guard let path = locator.locate(isExecutable: Executable.exists) else {
      return finish(.notFound(candidates: locator.candidates))
    }
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
      onEnd(.available(path: path, version: said, exitCode: 0))
    } else {
      onEnd(.failed(path: path, reason: said.isEmpty ? status.description : "\(status): \(said)"))
    }
  }
}
