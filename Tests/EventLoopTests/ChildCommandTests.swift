import Glibc
import Testing

@testable import EventLoop

@Reactor
@Suite(.timeLimit(.minutes(1)))
struct ChildCommandTests {
  @Test("the child's environment is what was given and its marker, nothing else")
  func environment() async throws {
    var command = ChildCommand.shell("")
    command.executable = "/usr/bin/env"
    command.arguments = []
    command.environment = ["A": "1", "EMPTY": "", "EQUALS": "a=b", "TEXT": "é\ny"]
    let lines = try await output(of: command, marker: ("MARK", "m")).split(separator: "\n").sorted()
    #expect(lines == ["A=1", "EMPTY=", "EQUALS=a=b", "MARK=m", "TEXT=é", "y"])
  }

  @Test("arguments arrive as they are")
  func arguments() async throws {
    var command = ChildCommand.shell(#"printf '[%s]' "$0" "$@""#)
    command.arguments += ["zero", "two words", "", "$HOME", "é'\""]
    #expect(try await output(of: command) == #"[zero][two words][][$HOME][é'"]"#)
  }

  @Test("the child starts in its directory", arguments: ["/", "/usr", "/proc"])
  func directory(path: String) async throws {
    var command = ChildCommand.shell("exec /bin/pwd")
    command.directory = path
    #expect(try await output(of: command) == "\(path)\n")
  }

  @Test("only the three pipes are open in the child, even when ours are inheritable")
  func descriptors() async throws {
    let inheritable = fcntl(0, F_DUPFD, 100)
    defer { close(inheritable) }
    #expect(fcntl(inheritable, F_GETFD) == 0)
    // The fourth is the directory that is listed.
    #expect(try await output(of: .shell("exec ls /proc/self/fd")) == "0\n1\n2\n3\n")
  }

  @Test("no signal is ignored or blocked in the child, whatever it is here")
  func signals() async throws {
    signal(SIGUSR2, SIG_IGN)
    defer { signal(SIGUSR2, SIG_DFL) }
    let status = try await output(of: .shell("exec cat /proc/self/status"))
    #expect(mask("SigBlk", in: status) == 0)
    // 32 and 33 are glibc's own, which posix_spawn sets to be ignored.
    #expect(mask("SigIgn", in: status).map { $0 & ~(0b11 << 31) } == 0)
  }

  private func mask(_ name: String, in status: String) -> UInt64? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):\t") }
    return line.flatMap { UInt64($0.dropFirst(name.count + 2), radix: 16) }
  }

  @Test("the child leads a group of its own")
  func group() async throws {
    let ids = try await output(of: .shell("echo $$; cut -d' ' -f5 /proc/$$/stat")).split(separator: "\n")
    #expect(ids.count == 2)
    #expect(ids.first == ids.last)
  }

  @Test(
    "what cannot be started is an error",
    arguments: [
      ("/no/such/program", "/", ENOENT), ("/bin/sh", "/no/such/directory", ENOENT), ("/etc/passwd", "/", EACCES),
      ("/bin/sh", "/etc/passwd", ENOTDIR),
    ])
  func failures(program: String, directory: String, code: Int32) {
    var command = ChildCommand.shell("exit")
    command.executable = program
    command.directory = directory
    #expect(throws: SystemCallError("posix_spawn \(program)", code: code)) { try command.spawn() }
  }

  @Test("what cannot be started leaks no descriptor")
  func noLeaks() throws {
    var command = ChildCommand.shell("exit")
    command.executable = "/no/such/program"
    let attempts = 4000
    let before = try openDescriptors()
    let missing = SystemCallError("posix_spawn /no/such/program", code: ENOENT)
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
