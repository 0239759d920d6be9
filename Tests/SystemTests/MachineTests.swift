import Glibc
import Testing

@testable import System

struct MachineTests {
  @Test("the core count is between one and the machine's")
  func cores() {
    #expect((1...max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))).contains(Machine.cores))
  }

  @Test("memory is in bytes and at most the machine's")
  func memory() {
    let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    #expect(((1 << 20)...physical).contains(Machine.memory))
  }
}
