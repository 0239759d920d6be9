import Glibc

/// Random numbers of the kernel, fetched a batch at a time: asking for each would cost two system calls for an id.
public struct Entropy: RandomNumberGenerator, Sendable {
  private var batch: [UInt64] = []

  /// As much as `getentropy` gives at once: 256 bytes.
  private static let batchCount = 32

  public init() {}

  public mutating func next() -> UInt64 {
    if batch.isEmpty { refill() }
    return batch.removeLast()
  }

  private mutating func refill() {
    batch = [UInt64](repeating: 0, count: Entropy.batchCount)
    let result = unsafe batch.withUnsafeMutableBytes { unsafe getentropy($0.baseAddress, $0.count) }
    // Fails only where the system call does not exist; ids that can be guessed must not be made instead.
    precondition(result == 0, "the kernel gives no random numbers")
  }
}
