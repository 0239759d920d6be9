/// The size of a machine.
struct MachineSize: Sendable, Equatable {
  let cores: Int
  /// In bytes.
  let memory: Int

  /// The default for an unknown machine.
  static let small = MachineSize(cores: 2, memory: 4 << 30)

  /// How many CLI processes it can hold: one for each 256 MiB of half the memory, and at most 16 for each core.
  var processes: Int { min(max(4, memory / 2 / (256 << 20)), 16 * cores) }
}
