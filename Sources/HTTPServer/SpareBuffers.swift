import Bytes
import HTTP

/// Storage for output, lent to whichever connection has something to say: what is written is sent within the same turn
/// of the loop, so a few buffers do for thousands of connections, and none has to grow from nothing.
struct SpareBuffers {
  private var spares: [ByteBuffer] = []

  /// How many are kept.
  static let maximumCount = 8

  /// Gives an output that has no storage some; if there is none to spare it will get its own.
  mutating func lend(to output: inout HTTPOutput) {
    guard !output.hasStorage, let spare = spares.popLast() else { return }
    output.adopt(spare)
  }

  /// Takes the storage of an output that has been sent whole.
  mutating func takeBack(from output: inout HTTPOutput) {
    guard spares.count < SpareBuffers.maximumCount, let spare = output.releaseStorage() else { return }
    spares.append(spare)
  }
}
