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

  @Test("available memory is the kernel's estimate, or what the control group leaves")
  func available() throws {
    let meminfo = "MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable:   50 kB\n"
    func available(_ limit: String?, _ usage: String?, _ statistics: String = "", meminfo: String = meminfo) -> Int? {
      Machine.availableMemory(meminfo: meminfo, limit: limit, usage: usage, statistics: statistics)
    }
    #expect(available(nil, nil) == 51_200)
    #expect(available("max", "1000") == 51_200)
    #expect(available("60000", "20000") == 40_000)
    #expect(available("60000", "20000", "anon 5\ninactive_file 3000\n") == 43_000)
    #expect(available("60000", "70000") == 0)
    #expect(available("600000", "1") == 51_200)
    #expect(available(nil, nil, meminfo: "") == nil)
    #expect(available("60000", "20000", meminfo: "") == 40_000)
    let now = try #require(Machine.availableMemory)
    #expect((1...Machine.memory).contains(now))
  }
}
