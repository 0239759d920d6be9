import Bytes
import HTTP

/// Output buffers, lent to connections that write: output is sent in the same turn of the loop, so that a few buffers
/// are enough for thousands of connections, and none has to grow from nothing.
struct SpareBuffers {
  private var spares: [ByteBuffer] = []

  /// How many are kept.
  static let maximumCount = 8

  /// Lends storage to an output that has none; if no buffer is left, the output allocates its own.
  mutating func lend(to output: inout HTTPOutput) {
    guard !output.hasStorage, let spare = spares.popLast() else { return }
    output.adopt(spare)
  }

  /// Takes back the storage of an output that was sent completely.
  mutating func takeBack(from output: inout HTTPOutput) {
    guard spares.count < SpareBuffers.maximumCount, let spare = output.releaseStorage() else { return }
    spares.append(spare)
  }
}
