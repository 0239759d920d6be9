import Glibc
import System
import TestSupport
import Testing

@testable import EventLoop

@Reactor
@Suite(.bounded)
struct ChildCommandTests {
  @Test("a child's environment has the given variables and its marker only")
  func environment() async throws {
    var command = ChildCommand.shell("")
    command.executable = "/usr/bin/env"
    command.arguments = []
    command.environment = ["A": "1", "EMPTY": "", "EQUALS": "a=b", "TEXT": "é\ny"]
    let lines = try await output(of: command, marker: ("MARK", "m")).split(separator: "\n").sorted()
    #expect(lines == ["A=1", "EMPTY=", "EQUALS=a=b", "MARK=m", "TEXT=é", "y"])
  }

  @Test("arguments arrive unchanged")
  func arguments() async throws {
    var command = ChildCommand.shell(#"printf '[%s]' "$0" "$@""#)
    command.arguments += ["zero", "two words", "", "$HOME", "é'\""]
    #expect(try await output(of: command) == #"[zero][two words][][$HOME][é'"]"#)
  }

  @Test("a child starts in its directory", arguments: ["/", "/usr", "/proc"])
  func directory(path: String) async throws {
    var command = ChildCommand.shell("exec /bin/pwd")
    command.directory = path
    #expect(try await output(of: command) == "\(path)\n")
  }

  @Test("a child has only its three pipes open, even if ours are inheritable")
  func descriptors() async throws {
    let inheritable = fcntl(0, F_DUPFD, 100)
    defer { close(inheritable) }
    #expect(fcntl(inheritable, F_GETFD) == 0)
    // The fourth is the directory that is listed.
    #expect(try await output(of: .shell("exec ls /proc/self/fd")) == "0\n1\n2\n3\n")
  }

  @Test("a child ignores and blocks no signals")
  func signals() async throws {
    signal(SIGUSR2, SIG_IGN)
    defer { signal(SIGUSR2, SIG_DFL) }
    let status = try await output(of: .shell("exec cat /proc/self/status"))
    #expect(mask("SigBlk", in: status) == 0)
    #expect(mask("SigIgn", in: status) == 0)
  }

  private func mask(_ name: String, in status: String) -> UInt64? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):\t") }
    return line.flatMap { UInt64($0.dropFirst(name.count + 2), radix: 16) }
  }

  @Test("a child leads a process group of its own")
  func group() async throws {
    let ids = try await output(of: .shell("echo $$; cut -d' ' -f5 /proc/$$/stat")).split(separator: "\n")
    #expect(ids.count == 2)
    #expect(ids.first == ids.last)
  }

  @Test("orphans below a child stay below it, whatever their environment and session")
  func orphans() async throws {
    let recorder = ChildRecorder()
    let child = try ChildProcess(
      .shell("(env -i setsid sleep 600 & echo $!); exec cat"), marker: freshMarker(), owner: recorder)
    await recorder.until { recorder.lines.count == 1 }
    let orphan = try #require(recorder.lines.first.flatMap { Int32($0) })
    await until { ProcessTable.entry(orphan)?.parent == child.pid }
    #expect(ProcessTable().descendants(of: child.pid).map(\.pid) == [orphan])
    child.tearDown(.immediate)
    #expect(await recorder.ended() == .signaled(SIGKILL))
    try await exit(of: orphan)
  }

  @Test("starting a child leaves our signal mask unchanged")
  func unchangedMask() throws {
    var before = sigset_t()
    var after = sigset_t()
    unsafe pthread_sigmask(SIG_BLOCK, nil, &before)
    let spawned = try ChildCommand.shell("exit").spawn()
    unsafe pthread_sigmask(SIG_BLOCK, nil, &after)
    waitpid(spawned.pid, nil, 0)
    for signal in 1...31 { #expect(unsafe sigismember(&before, Int32(signal)) == sigismember(&after, Int32(signal))) }
    for descriptor in [spawned.pidDescriptor, spawned.input, spawned.output, spawned.errors] { close(descriptor) }
  }

  @Test(
    "a program that cannot be started is an error",
    arguments: [
      ("/no/such/program", "/", ENOENT), ("/bin/sh", "/no/such/directory", ENOENT), ("/etc/passwd", "/", EACCES),
      ("/bin/sh", "/etc/passwd", ENOTDIR), ("/proc/self/environ", "/", EACCES),
    ])
  func failures(program: String, directory: String, code: Int32) {
    var command = ChildCommand.shell("exit")
    command.executable = program
    command.directory = directory
    #expect(throws: SystemCallError("spawn \(program)", code: code)) { try command.spawn() }
  }

  @Test("oversized arguments and unknown file formats are errors")
  func refusals() {
    var command = ChildCommand.shell(String(repeating: "x", count: 128 * 1024))
    #expect(throws: SystemCallError("spawn /bin/sh", code: E2BIG)) { try command.spawn() }
    let directory = TemporaryDirectory()
    command = .shell("")
    command.executable = directory.writeProgram("no interpreter", to: "program")
    #expect(throws: SystemCallError("spawn \(command.executable)", code: ENOEXEC)) { try command.spawn() }
  }

  @Test("a failed start leaves no zombie")
  func noZombies() {
    var command = ChildCommand.shell("exit")
    command.executable = "/no/such/program/\(getpid())"
    let before = Set(ProcessTable().ownZombies)
    for _ in 0..<10 { _ = try? command.spawn() }
    // Others' children may be zombies for the moment; ten of the same parent would be ours.
    #expect(Set(ProcessTable().ownZombies).subtracting(before).count < 10)
  }

  @Test("a failed start leaks no descriptor")
  func noLeaks() throws {
    var command = ChildCommand.shell("exit")
    command.executable = "/no/such/program"
    let attempts = 4000
    let before = try openDescriptors()
    let missing = SystemCallError("spawn /no/such/program", code: ENOENT)
    for _ in 0..<attempts { #expect(throws: missing) { try command.spawn() } }
    // Other tests open and close descriptors meanwhile, a thousand and more; a leak would be at least one for each
    // attempt, or end in EMFILE before.
    #expect(try openDescriptors() - before < attempts)
  }

  private func output(
    of command: ChildCommand, marker: (name: String, value: String)? = nil
  ) async throws -> String {
    let recorder = ChildRecorder()
    let child = try ChildProcess(command, marker: marker ?? freshMarker(), owner: recorder)
    child.closeInput()
    #expect(await recorder.ended() == .exited(0))
    return recorder.outputText
  }
}
