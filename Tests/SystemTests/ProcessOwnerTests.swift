import Glibc
import Testing

@testable import System

struct ProcessOwnerTests {
  /// A mark with one of its parts replaced.
  private func marker(_ index: Int, _ part: String) -> String {
    var parts = ProcessOwner.current.marker("id").value.split(separator: "/").map(String.init)
    parts[index] = part
    return parts.joined(separator: "/")
  }

  @Test("a marker names its owner, whatever its id contains", arguments: ["1", "", "a/b//c"])
  func roundTrip(id: String) {
    let marker = ProcessOwner.current.marker(id)
    #expect(marker.name == "CLAUDE_CODE_SERVER_PROCESS")
    #expect(marker.value.hasSuffix("/\(id)"))
    #expect(ProcessOwner(marker: marker.value) == ProcessOwner.current)
    #expect(ProcessOwner(marker: marker.value)?.isGone == false)
  }

  @Test("processes differ by boot, namespace, id and start time")
  func parts() throws {
    let parts = ProcessOwner.current.marker("id").value.split(separator: "/").map(String.init)
    let identity = try #require(ProcessTable.entry(getpid())?.identity)
    #expect(parts[2...] == ["\(getpid())", "\(identity.startTime)", "id"])
    #expect(parts[0] == ProcessTable.firstLine("/proc/sys/kernel/random/boot_id"))
    #expect(parts[1] == ProcessTable.link("/proc/self/ns/pid"))
  }

  @Test("other text is no marker", arguments: ["", "1", "b/n/1/2", "b/n/x/2/id", "b/n/1/x/id", "b/n/1/0/id"])
  func junk(text: String) { #expect(ProcessOwner(marker: text) == nil) }

  @Test("an owner is gone when its process id is free or reused")
  func gone() {
    #expect(ProcessOwner(marker: marker(3, "1"))?.isGone == true)
    #expect(ProcessOwner(marker: marker(2, "\(Int32.max)"))?.isGone == true)
  }

  @Test("an owner of another boot or namespace has an unknown state")
  func elsewhere() {
    for (index, part) in [(0, "00000000-0000-4000-8000-000000000000"), (1, "pid:[1]")] {
      let other = marker(index, part).replacing("/\(getpid())/", with: "/\(Int32.max)/")
      #expect(ProcessOwner(marker: other)?.isGone == false)
    }
  }
}
