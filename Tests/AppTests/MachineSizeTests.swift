import Testing

@testable import App

struct MachineSizeTests {
  @Test(
    "process limit: one per 256 MiB of half the memory, between 4 and 16 per core",
    arguments: [
      (2, 0, 4), (2, 2 << 30, 4), (2, (5 << 29) - 1, 4), (2, 5 << 29, 5), (2, 4 << 30, 8), (2, (16 << 30) - 1, 31),
      (2, 16 << 30, 32), (2, 17 << 30, 32), (1, 64 << 30, 16), (64, 64 << 30, 128),
    ])
  func processes(cores: Int, memory: Int, expected: Int) {
    #expect(MachineSize(cores: cores, memory: memory).processes == expected)
  }

  @Test(
    "idle processes: one per 200 MiB of a tenth of the memory, between 1 and 8",
    arguments: [(1 << 30, 1), (4 << 30, 2), (8 << 30, 4), (15 << 30, 7), (16 << 30, 8), (64 << 30, 8)])
  func idleProcesses(memory: Int, expected: Int) {
    #expect(MachineSize(cores: 2, memory: memory).idleProcesses == expected)
  }

  @Test(
    "memory reserve: a twentieth, and at least 256 MiB",
    arguments: [(1 << 30, 256 << 20), (5 << 30, 256 << 20), (10 << 30, 512 << 20)])
  func reserve(memory: Int, expected: Int) {
    #expect(MachineSize(cores: 2, memory: memory).memoryReserve == expected)
  }

  @Test("the default machine is small")
  func small() { #expect(MachineSize.small.processes == 8) }
}
