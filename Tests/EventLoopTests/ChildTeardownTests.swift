import Glibc
import System
import TestSupport
import Testing

@testable import EventLoop

@Reactor
@Suite(.bounded)
struct ChildTeardownTests {
  private let recorder = ChildRecorder()
  private let timeout: Duration = .seconds(5)

  nonisolated init() {}

  @Test("a polite teardown ends when the child exits after its input closes")
  func endOfInput() async throws {
    let scheduler = ManualScheduler()
    let child = try start("echo ready; exec cat")
    await recorder.until { recorder.lines == ["ready"] }
    child.tearDown(.polite(timeout: timeout), scheduler: scheduler)
    #expect(await recorder.ended() == .exited(0))
    scheduler.advance(by: .seconds(60))
    #expect(recorder.exits == [.exited(0)])
  }

  @Test("a polite teardown terminates a child that outlives its input, after the timeout")
  func termination() async throws {
    let scheduler = ManualScheduler()
    let child = try start("trap 'echo terminated; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
    await recorder.until { recorder.lines == ["ready"] }
    child.tearDown(.polite(timeout: timeout), scheduler: scheduler)
    scheduler.advance(by: timeout - .milliseconds(1))
    #expect(child.exitStatus == nil)
    scheduler.advance(by: .milliseconds(1))
    #expect(await recorder.ended() == .exited(0))
    #expect(recorder.lines == ["ready", "terminated"])
  }

  @Test("a child that ignores SIGTERM is killed at the last step")
  func killing() async throws {
    let scheduler = ManualScheduler()
    let child = try start("trap '' TERM; echo ready; exec sleep 600")
    await recorder.until { recorder.lines == ["ready"] }
    child.tearDown(.polite(timeout: timeout), scheduler: scheduler)
    scheduler.advance(by: timeout + timeout)
    #expect(await recorder.ended() == .signaled(SIGKILL))
  }

  @Test("a faster teardown replaces a slower one")
  func faster() async throws {
    let scheduler = ManualScheduler()
    let child = try start("trap '' TERM; echo ready; exec sleep 600")
    await recorder.until { recorder.lines == ["ready"] }
    child.tearDown(.polite(timeout: timeout), scheduler: scheduler)
    child.tearDown(.immediate, scheduler: scheduler)
    #expect(await recorder.ended() == .signaled(SIGKILL))
    child.tearDown(.immediate, scheduler: scheduler)
    scheduler.advance(by: .seconds(60))
    #expect(recorder.exits == [.signaled(SIGKILL)])
  }

  @Test("a whole family is ended, other sessions included")
  func stubbornFamily() async throws {
    #expect(clinuxBecomeSubreaper() == 0)
    let scheduler = ManualScheduler()
    let child = try start(
      """
      trap '' TERM
      setsid sh -c 'trap "" TERM; sleep 600 & echo grandchild $$; wait' &
      (setsid sleep 600 & echo orphan $!)
      echo child $$
      wait
      """)
    await recorder.until { recorder.lines.count == 3 }
    let family = family(of: child.pid)
    #expect(family.count == 4)
    child.tearDown(.prompt(timeout: timeout), scheduler: scheduler)
    scheduler.advance(by: timeout)
    #expect(await recorder.ended() == .signaled(SIGKILL))
    for member in family { try await exit(of: member.pid) }
    // Reaped too: an entry that is left would be a zombie of ours.
    await until { family.allSatisfy { ProcessTable.entry($0.pid)?.identity != $0 } }
  }

  @Test("a child that exits in time takes its orphans along")
  func orphans() async throws {
    #expect(clinuxBecomeSubreaper() == 0)
    let child = try start("(setsid sleep 600 & echo $!); exec cat")
    await recorder.until { recorder.lines.count == 1 }
    let orphan = try #require(recorder.lines.first.flatMap { Int32($0) })
    await until { ProcessTable.entry(orphan)?.parent == child.pid }
    child.tearDown(.polite(timeout: timeout), scheduler: ManualScheduler())
    #expect(await recorder.ended() == .exited(0))
    await until { ProcessTable.entry(orphan) == nil }
  }

  /// The child, what hangs below it, and the orphan that no longer does.
  private func family(of pid: Int32) -> Set<ProcessIdentity> {
    let orphan = recorder.lines.first { $0.hasPrefix("orphan") }.flatMap { Int32($0.dropFirst("orphan ".count)) }
    let known = [pid, orphan].compactMap { $0 }.compactMap { ProcessTable.entry($0)?.identity }
    return ProcessTable().descendants(of: pid).union(known)
  }

  private func start(_ script: String) throws -> ChildProcess {
    try ChildProcess(.shell(script), marker: freshMarker(), owner: recorder)
  }
}
