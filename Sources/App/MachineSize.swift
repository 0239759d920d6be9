/// How much a machine can carry.
struct MachineSize: Sendable, Equatable {
  let cores: Int
  /// In bytes.
  let memory: Int

  /// One that little is known of.
  static let small = MachineSize(cores: 2, memory: 4 << 30)

  /// How many CLI processes it can hold: a quarter of a gigabyte for each, in half of the memory, and no more than the
  /// cores can keep going.
  var processes: Int { min(max(4, memory / 2 / (256 << 20)), 16 * cores) }
}
