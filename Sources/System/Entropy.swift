import Glibc

/// Random numbers of the kernel, fetched in batches: fetching each one would cost two system calls for an id.
public struct Entropy: RandomNumberGenerator, Sendable {
  private var batch: [UInt64] = []

  /// The most that `getentropy` returns at once: 256 bytes.
  private static let batchCount = 32

  public init() {}

  public mutating func next() -> UInt64 {
    if batch.isEmpty { refill() }
    return batch.removeLast()
  }

  private mutating func refill() {
    batch = [UInt64](repeating: 0, count: Entropy.batchCount)
    let result = unsafe batch.withUnsafeMutableBytes { unsafe getentropy($0.baseAddress, $0.count) }
    // Fails only if the system call does not exist; guessable ids must not be made instead.
    precondition(result == 0, "the kernel gives no random numbers")
  }
}
