import Bytes
import EventLoop
import Glibc
import TestSupport
import Testing

@Reactor
@Suite(.bounded)
struct ChildProcessTests {
  private let recorder = ChildRecorder()

  nonisolated init() {}

  @Test("all output is delivered before the exit")
  func outputAndStatus() async throws {
    let child = try start("printf out; printf err >&2; exit 3")
    #expect(await recorder.ended() == .exited(3))
    #expect(recorder.outputText == "out")
    #expect(recorder.errorText == "err")
    #expect(child.exitStatus == .exited(3))
  }

  @Test("every exit status and signal is reported", arguments: [0, 1, 255])
  func statuses(code: Int32) async throws {
    _ = try start("exit \(code)")
    #expect(await recorder.ended() == .exited(code))
  }

  @Test("a child ended by a signal reports which", arguments: [SIGTERM, SIGKILL, SIGSEGV])
  func signals(signal: Int32) async throws {
    _ = try start("kill -\(signal) $$; exec sleep 600")
    #expect(await recorder.ended() == .signaled(signal))
    #expect(recorder.exits.count == 1)
  }

  @Test("a megabyte passes through a child unchanged")
  func echo() async throws {
    let sent = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let child = try start("exec cat")
    child.write(Array(sent[..<(1 << 19)]))
    child.write(Array(sent[(1 << 19)...]))
    child.closeInput()
    #expect(child.unsentInput > 0)
    #expect(await recorder.ended() == .exited(0))
    #expect(recorder.output == sent)
    #expect(child.unsentInput == 0)
  }

  @Test("a full pipe is delivered even if the child has exited")
  func fullPipe() async throws {
    _ = try start("head -c 65536 /dev/zero; head -c 65536 /dev/zero >&2")
    #expect(await recorder.ended() == .exited(0))
    #expect(recorder.output.count == 65_536)
    #expect(recorder.errors.count == 65_536)
  }

  @Test("an exit is noticed while a grandchild holds the output, and the grandchild is ended")
  func lingeringGrandchild() async throws {
    #expect(clinuxBecomeSubreaper() == 0)
    _ = try start("sleep 600 & echo $!; exit 7")
    #expect(await recorder.ended() == .exited(7))
    let grandchild = try #require(recorder.lines.first.flatMap { Int32($0) })
    try await exit(of: grandchild)
  }

  @Test(
    "the end of output is reported once, before the exit",
    arguments: ["exit", "exec >&-; read -r _; exit", "echo one; exec >&-; read -r _; exit"])
  func endOfOutput(script: String) async throws {
    let child = try start(script)
    await recorder.until { recorder.ends == [0] }
    child.closeInput()
    _ = await recorder.ended()
    #expect(recorder.ends == [0])
  }

  @Test("bytes written after closing the input are dropped")
  func writeAfterClose() async throws {
    let child = try start("exec cat")
    child.write(Array("before".utf8))
    child.closeInput()
    child.write(Array("after".utf8))
    #expect(await recorder.ended() == .exited(0))
    #expect(recorder.outputText == "before")
  }

  @Test("bytes written to a child with closed input are dropped")
  func closedInput() async throws {
    let child = try start("exec 0<&-; echo ready; exec sleep 600")
    await recorder.until { recorder.lines == ["ready"] }
    child.write([1, 2, 3])
    #expect(child.unsentInput == 0)
    #expect(child.exitStatus == nil)
    child.tearDown(.immediate)
    #expect(await recorder.ended() == .signaled(SIGKILL))
    child.write([4])
    child.signal(SIGTERM)
    #expect(child.unsentInput == 0)
  }

  @Test("paused output stays in the pipe")
  func pausing() async throws {
    let child = try start("printf a; read line; printf b; printf c >&2; read line")
    await recorder.until { recorder.outputText == "a" }
    child.pauseOutput()
    child.write([Ascii.lineFeed])
    await recorder.until { recorder.errorText == "c" }
    #expect(recorder.outputText == "a")
    child.resumeOutput()
    await recorder.until { recorder.outputText == "ab" }
    child.closeInput()
    _ = await recorder.ended()
  }

  @Test("paused output is delivered before the exit")
  func pausedAtTheEnd() async throws {
    let child = try start("printf kept")
    child.pauseOutput()
    #expect(await recorder.ended() == .exited(0))
    #expect(recorder.outputText == "kept")
  }

  @Test("paused output resumes where it stopped")
  func pausedFlood() async throws {
    let child = try start("head -c 1000000 /dev/zero")
    var pauses = 0
    recorder.onOutput = {
      pauses += 1
      child.pauseOutput()
      Loop.main.onNextTurn { child.resumeOutput() }
    }
    #expect(await recorder.ended() == .exited(0))
    #expect(recorder.output.count == 1_000_000)
    #expect(pauses >= 1_000_000 / (64 * 1024))
  }

  @Test("a child without an owner is still reaped")
  func ownerless() async throws {
    let child = try ChildProcess(.shell("exec cat"), marker: freshMarker(), owner: ChildRecorder())
    child.closeInput()
    await until { child.exitStatus != nil }
    #expect(child.exitStatus == .exited(0))
  }

  @Test("exit statuses have descriptions")
  func descriptions() {
    #expect("\(ExitStatus.exited(3))" == "exit status 3")
    #expect("\(ExitStatus.signaled(9))" == "signal 9")
  }

  private func start(_ script: String) throws -> ChildProcess {
    try ChildProcess(.shell(script), marker: freshMarker(), owner: recorder)
  }
}
