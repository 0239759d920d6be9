import Glibc

/// Why a measurement could not be made.
struct BenchFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// A system call that failed, with what `errno` says.
  init(call: String) { description = "\(call) failed: error \(errno)" }
}
