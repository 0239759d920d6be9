import Glibc
import System
import TestSupport
import Testing

@testable import EventLoop

@Reactor
@Suite(.serialized, .bounded)
struct OrphansTests {
  private let scheduler = ManualScheduler()
  /// Not the servers' own: those that other tests start end what they find under it.
  private static let variable = "ORPHANS_TEST_OWNER"

  private func orphans(_ scheduler: ManualScheduler) -> Orphans {
    Orphans(scheduler: scheduler, variable: Self.variable)
  }

  /// A shell that is deaf to SIGTERM, and below it a process that is too, has no mark and a session of its own.
  @Reactor
  private struct Tree {
    let root: ProcessIdentity
    let leaf: ProcessIdentity
    private let pipes: [Int32]

    init(mark: String?) async throws {
      let marking = mark.map { "env \(OrphansTests.variable)='\($0)'" } ?? ""
      let spawned = try ChildCommand.shell(
        "trap '' TERM; setsid sleep 600 & exec \(marking) sh -c \"echo $!; exec sleep 600\""
      ).spawn()
      let pipes = [spawned.pidDescriptor, spawned.input, spawned.output, spawned.errors]
      var said = ""
      await until {
        said += String(decoding: readAvailable(spawned.output), as: UTF8.self)
        return said.contains("\n")
      }
      let leaf = try #require(Int32(said.dropLast()).flatMap(ProcessTable.entry)?.identity)
      root = try #require(ProcessTable.entry(spawned.pid)?.identity)
      self.leaf = leaf
      self.pipes = pipes
    }

    var isAlive: Bool { root.isAlive && leaf.isAlive }
    var isGone: Bool { !root.isAlive && !leaf.isAlive }

    func end() {
      for identity in [leaf, root] { identity.signal(SIGKILL) }
      waitpid(root.pid, nil, 0)
      for pipe in pipes { close(pipe) }
    }
  }

  /// The mark of an owner that has run here and does no longer.
  private static let dead: String = part(3, "1")

  private static func part(_ index: Int, _ value: String) -> String {
    var parts = ProcessOwner.current.marker("orphans-test").value.split(separator: "/").map(String.init)
    parts[index] = value
    return parts.joined(separator: "/")
  }

  /// Lets the time pass that ending takes.
  private func finish(_ task: Task<Int, Never>, _ scheduler: ManualScheduler) async {
    var isOver = false
    let waiting = Task.onLoop {
      _ = await task.value
      isOver = true
    }
    await until {
      if let wait = scheduler.waits.first { scheduler.advance(by: wait) }
      return isOver
    }
    await waiting.value
  }

  @Test("leftovers of a dead owner are ended with their descendants, and nothing else")
  func orphans() async throws {
    let orphan = try await Tree(mark: Self.dead)
    var others: [Tree] = []
    for mark in [
      nil, ProcessOwner.current.marker("orphans-test").value, "no mark",
      Self.dead.replacing(ProcessTable.link("/proc/self/ns/pid") ?? "", with: "pid:[1]"),
      "other-boot" + Self.dead.drop { $0 != "/" },
    ] {
      others.append(try await Tree(mark: mark))
    }
    await finish(Task.onLoop { await orphans(scheduler).end() }, scheduler)
    #expect(orphan.isGone)
    for other in others { #expect(other.isAlive) }
    for tree in others + [orphan] { tree.end() }
  }

  @Test("a server started by a leftover does not end itself or its ancestors")
  func lineage() async throws {
    let orphan = try await Tree(mark: Self.dead)
    let table = ProcessTable()
    #expect(orphans(scheduler).find(in: table).isSuperset(of: [orphan.root, orphan.leaf]))
    #expect(orphans(scheduler).find(in: table, sparing: orphan.leaf.pid).isDisjoint(with: [orphan.root, orphan.leaf]))
    #expect(orphans(scheduler).find(in: table, sparing: orphan.root.pid).isDisjoint(with: [orphan.root, orphan.leaf]))
    orphan.end()
  }

  @Test("limit: time for leftovers to exit")
  func timeout() async throws {
    let limit = Orphans.timeout
    let outcomes = try await LimitTable.row("end of what was left", limit) { offset in
      let orphan = try await Tree(mark: Self.dead)
      let scheduler = ManualScheduler()
      let task = Task.onLoop { await orphans(scheduler).end() }
      await until { !scheduler.waits.isEmpty || orphan.isGone }
      #expect(scheduler.waits == [limit])
      scheduler.advance(by: limit + .milliseconds(offset))
      let isAsked = scheduler.waits == [.milliseconds(1)]
      await finish(task, scheduler)
      #expect(orphan.isGone)
      orphan.end()
      return isAsked ? "asked" : "killed"
    }
    #expect(outcomes == ["asked", "killed", "killed"])
  }
}
