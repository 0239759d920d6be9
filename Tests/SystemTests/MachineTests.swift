import Glibc
import Testing

@testable import System

struct MachineTests {
  @Test("there is at least one core, and no more than the machine has")
  func cores() {
    #expect((1...max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))).contains(Machine.cores))
  }

  @Test("memory is counted in bytes, and no more than the machine has")
  func memory() {
    let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    #expect(((1 << 20)...physical).contains(Machine.memory))
  }
}
