import Glibc
import TestSupport
import Testing

@testable import EventLoop
@testable import System

@Reactor
@Suite(.bounded)
struct ProcessTableTests {
  private let recorder = ChildRecorder()

  nonisolated init() {}

  @Test("our own entry names our parent, and is the same each time")
  func ourselves() throws {
    let entry = try #require(ProcessTable.entry(getpid()))
    #expect(entry.parent == getppid())
    #expect(!entry.isZombie)
    #expect(entry.identity.isAlive)
    #expect(ProcessTable().entries.first { $0.identity.pid == getpid() }?.identity == entry.identity)
  }

  @Test("a missing process has no entry", arguments: [0, -1, Int32.max])
  func nobody(pid: Int32) {
    #expect(ProcessTable.entry(pid) == nil)
    #expect(!ProcessIdentity(pid: pid, startTime: 0).isAlive)
  }

  @Test("descendants are found at any depth, without the process itself")
  func descendants() async throws {
    let child = try start("sh -c 'sleep 600 & echo $! $$; wait' & wait")
    await recorder.until { recorder.lines.count == 1 }
    let pids = Set(recorder.lines[0].split(separator: " ").compactMap { Int32($0) })
    #expect(pids.count == 2)
    #expect(Set(ProcessTable().descendants(of: child.pid).map(\.pid)) == pids)
    #expect(ProcessTable().descendants(of: getpid()).map(\.pid).contains(child.pid))
    await end(child)
  }

  @Test("a lineage leads from a process to the first one")
  func lineage() {
    let table = ProcessTable()
    let lineage = table.lineage(of: getpid())
    #expect(lineage.isSuperset(of: [getpid(), getppid()]))
    #expect(lineage.allSatisfy { $0 == getpid() || table.descendants(of: $0).map(\.pid).contains(getpid()) })
  }

  @Test("current time and start times use the same clock")
  func now() async throws {
    let before = ProcessTable.now
    let child = try start("exec sleep 600")
    let started = try #require(ProcessTable.entry(child.pid)?.identity.startTime)
    #expect((before...ProcessTable.now).contains(started))
    #expect(before > (try #require(ProcessTable.entry(1)?.identity.startTime)))
    await end(child)
  }

  @Test("a command name with blanks and parentheses is parsed correctly")
  func hostileNames() async throws {
    let link = "/tmp/a) R 1 (b \(getpid())"
    unsafe symlink("/bin/sleep", link)
    defer { unsafe unlink(link) }
    let child = try start("echo ready; exec '\(link)' 600")
    await until { ProcessTable.entry(child.pid) != nil && name(of: child.pid).hasPrefix("a) R 1 (") }
    #expect(ProcessTable.entry(child.pid)?.parent == getpid())
    await end(child)
  }

  @Test("a reused process id is another identity: not alive, never signalled")
  func reusedIDs() async throws {
    let child = try start("echo ready; exec sleep 600")
    await recorder.until { recorder.lines == ["ready"] }
    let identity = try #require(ProcessTable.entry(child.pid)?.identity)
    let former = ProcessIdentity(pid: child.pid, startTime: identity.startTime &- 1)
    #expect(identity.isAlive)
    #expect(!former.isAlive)
    former.signal(SIGKILL)
    identity.signal(SIGTERM)
    #expect(await recorder.ended() == .signaled(SIGTERM))
    #expect(!identity.isAlive)
  }

  @Test("a zombie has an entry and is not alive")
  func zombies() async throws {
    let spawned = try ChildCommand.shell("exit 0").spawn()
    try await exit(of: spawned.pid)
    let entry = try #require(ProcessTable.entry(spawned.pid))
    #expect(entry.isZombie)
    #expect(!entry.identity.isAlive)
    waitpid(spawned.pid, nil, 0)
    #expect(ProcessTable.entry(spawned.pid) == nil)
    for descriptor in [spawned.pidDescriptor, spawned.input, spawned.output, spawned.errors] { close(descriptor) }
  }

  @Test("an orphan is found by its whole marker only")
  func orphans() async throws {
    #expect(clinuxBecomeSubreaper() == 0)
    var command = ChildCommand.shell("setsid sleep 600 & echo $!")
    command.environment["ORPHAN_TEST"] = "12"
    // Not looked after: nobody ends what it orphans.
    let spawned = try command.spawn()
    var said = ""
    await until {
      said += String(decoding: readAvailable(spawned.output), as: UTF8.self)
      return said.contains("\n")
    }
    waitpid(spawned.pid, nil, 0)
    for descriptor in [spawned.pidDescriptor, spawned.input, spawned.output, spawned.errors] { close(descriptor) }
    let pid = try #require(Int32(said.dropLast()))
    let child = try ChildProcess(.shell("exec cat"), marker: ("ORPHAN_TEST", "12"), owner: recorder)
    // The child is ours too and carries the marker, as does the orphan.
    let table = ProcessTable()
    #expect(
      Set(table.orphans(markers: ["ORPHAN_TEST=12", "ORPHAN_TEST=13"]).map(\.key.pid)) == [pid, child.pid])
    #expect(table.orphans(markers: ["ORPHAN_TEST=12"]).values.allSatisfy { $0 == "ORPHAN_TEST=12" })
    #expect(table.orphans(markers: ["ORPHAN_TEST=12"], excluding: [child.pid]).map(\.key.pid) == [pid])
    for part in ["ORPHAN_TEST=1", "ORPHAN_TEST=123", "RPHAN_TEST=12"] {
      #expect(table.orphans(markers: [part]).isEmpty)
    }
    await end(child)
    try await exit(of: pid)
  }

  @Test("strays are new children without an owner, and their descendants")
  func strays() {
    func entry(_ pid: Int32, _ parent: Int32, isZombie: Bool = false) -> ProcessTable.Entry {
      ProcessTable.Entry(
        identity: ProcessIdentity(pid: pid, startTime: UInt64(pid)), parent: parent, isZombie: isZombie)
    }
    let table = ProcessTable(entries: [
      entry(10, 1), entry(11, 10), entry(12, 11), entry(13, 10), entry(14, 13), entry(15, 14), entry(16, 10),
      entry(17, 16), entry(18, 10, isZombie: true), entry(19, 1), entry(20, 10),
    ])
    let inherited: Set = [ProcessIdentity(pid: 16, startTime: 16), ProcessIdentity(pid: 20, startTime: 2)]
    let strays = table.strays(of: 10, excluding: [11], inherited)
    #expect(Set(strays.map(\.pid)) == [13, 14, 15, 20])
    #expect(table.strays(of: 19, excluding: [], []).isEmpty)
  }

  private func start(_ script: String) throws -> ChildProcess {
    try ChildProcess(.shell(script), marker: freshMarker(), owner: recorder)
  }

  private func end(_ child: ChildProcess) async {
    child.tearDown(.immediate)
    _ = await recorder.ended()
  }

  private func name(of pid: Int32) -> String {
    let file = unsafe open("/proc/\(pid)/comm", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    return String(decoding: readAvailable(file), as: UTF8.self)
  }
}
