import ClaudeCodeTestSupport
import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct CLIProbeTests {
  private let directory = TemporaryDirectory()
  private let scheduler = ManualScheduler()
  private let moment = Timestamp(milliseconds: 1_795_235_530_007)

  private func probe(_ path: String) -> CLIProbe {
    CLIProbe(
      locator: .only(path), environment: .test(["API_KEY": "secret"]), clock: { [moment] in moment },
      scheduler: scheduler)
  }

  /// Answers `--version`, and counts how often it was asked.
  private func script(_ body: String) -> String {
    StandInCLI.script("echo asked >> '\(directory.path)/asked'\n\(body)", in: directory)
  }

  private var timesAsked: Int { (directory.text(of: "asked") ?? "").split(separator: "\n").count }

  @Test("a working CLI is reported with the first line of its version")
  func available() async {
    let path = script("[ \"$1\" = --version ] && echo '2.1.329 (Claude Code)' && echo more")
    let report = await probe(path).current()
    #expect(report.finding == .available(path: path, version: "2.1.329 (Claude Code)", exitCode: 0))
    #expect(report.takenAt == moment)
  }

  @Test("a missing CLI is reported with the searched paths")
  func notFound() async {
    #expect(await probe("/nowhere/claude").current().finding == .notFound(candidates: ["/nowhere/claude"]))
  }

  @Test(
    "a failing CLI is reported with its output",
    arguments: [
      ("exit 3", "exit status 3"), ("echo broken >&2; exit 1", "exit status 1: broken"),
      ("kill -KILL $$", "signal 9"), ("echo \"key: $API_KEY\"; exit 1", "exit status 1: key: "),
    ])
  func failed(body: String, reason: String) async {
    let path = script(body)
    #expect(await probe(path).current().finding == .failed(path: path, reason: reason))
  }

  @Test("a CLI that does not respond in time is reported as failed", arguments: [-1, 0])
  func timeout(offset: Int) async {
    let path = script("exec sleep 1000")
    let probe = probe(path)
    var finding: CLIProbe.Report.Finding?
    let task = Task.onLoop { finding = await probe.current().finding }
    await until { !scheduler.waits.isEmpty }
    scheduler.advance(by: CLIProbe.timeout + .milliseconds(offset))
    if offset < 0 {
      for _ in 0..<10 { await nextTurn() }
      #expect(finding == nil)
      scheduler.advance(by: .milliseconds(1))
    }
    await task.value
    #expect(finding == .failed(path: path, reason: "signal 9"))
  }

  @Test("a report is reused until it expires", arguments: [-1, 0, 1])
  func freshness(offset: Int) async {
    let probe = probe(script("echo v"))
    _ = await probe.current()
    scheduler.advance(by: CLIProbe.freshness + .milliseconds(offset))
    _ = await probe.current()
    #expect(timesAsked == (offset < 0 ? 1 : 2))
  }

  @Test("concurrent callers share one probe")
  func sharing() async {
    let probe = probe(script("echo v"))
    let tasks = (0..<5).map { _ in Task.onLoop { await probe.current() } }
    var reports: [CLIProbe.Report] = []
    for task in tasks { reports.append(await task.value) }
    #expect(reports.count == 5)
    #expect(reports.allSatisfy { $0 == reports.first })
    #expect(timesAsked == 1)
  }
}
