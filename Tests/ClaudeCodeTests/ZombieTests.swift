import ClaudeCodeTestSupport
import EventLoop
import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode

/// A CLI below which processes end that it does not reap.
@Reactor
@Suite(.bounded)
struct ZombieTests {
  @Test("limit: zombies of a process; beyond it the session is resumed in a new one")
  func limit() async throws {
    let limit = ClaudeProcess.maximumZombies
    let outcomes = try await LimitTable.row("zombies of a process", limit) { offset in
      let directory = TemporaryDirectory()
      // A helper leaves them; what takes the shell's place waits for nobody.
      let script = """
        sh -c 'i=0; while [ $i -lt \(limit + offset) ]; do sleep 600 >/dev/null & i=$((i+1)); done'
        exec sh -c 'read -r _; while read -r _; do echo "$0"; echo "$1"; done' '\(CLILine.initLine)' \
        '\(CLILine.result("a"))'
        """
      let harness = ExecutorHarness(StandInCLI.script(script, in: directory), directory, pool: .keeping)
      let first = try await harness.complete("one")
      let orphans = ProcessTable().entries.filter { $0.parent == first.pid }
      #expect(orphans.count == limit + offset)
      for orphan in orphans { orphan.identity.signal(SIGKILL) }
      await until { ProcessTable().entries.count { $0.parent == first.pid && $0.isZombie } == limit + offset }
      let second = try await harness.complete("two", .resume(id: ExecutorHarness.session))
      await harness.executor.kill()
      return second.pid == first.pid ? "kept" : "replaced"
    }
    #expect(outcomes == ["kept", "kept", "replaced"])
  }
}
