/// The size of a machine.
struct MachineSize: Sendable, Equatable {
  let cores: Int
  /// In bytes.
  let memory: Int

  /// The default for an unknown machine.
  static let small = MachineSize(cores: 2, memory: 4 << 30)

  /// How many CLI processes it can hold: one for each 256 MiB of half the memory, and at most 16 for each core.
  var processes: Int { min(max(4, memory / 2 / (256 << 20)), 16 * cores) }

  /// How many of them may be idle: a tenth of the memory at 200 MiB each, and 1 to 8.
  var idleProcesses: Int { min(max(1, memory / 10 / (200 << 20)), 8) }

  /// Memory that idle processes leave free: a twentieth, and at least 256 MiB.
  var memoryReserve: Int { max(256 << 20, memory / 20) }
}
