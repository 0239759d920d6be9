import CLinux
import Glibc

/// The lines that wait for the thread of a `LogWriter`.
struct LogQueue {
  enum Step {
    case write([UInt8], to: Int32)
    /// The file that was replaced.
    case close(Int32)
    /// Nothing to do until the thread's eventfd is written.
    case wait
    case end
  }

  private let limits: LogWriter.Limits
  private var descriptor: Int32
  private var fresh: Int32?
  private var pending: [UInt8] = []
  private var pendingLines = 0
  /// Bytes of the batch that is being written.
  private var writingBytes = 0
  private var writingLines = 0
  /// Lines dropped since the last notice.
  private(set) var dropped = 0
  private var isWaiting = false
  /// Event descriptors to write to when everything is written.
  var flushes: [Int32] = []
  var isClosed = false

  /// - Parameter descriptor: the queue owns it.
  init(_ limits: LogWriter.Limits, _ descriptor: Int32) {
    self.limits = limits
    self.descriptor = descriptor
  }

  var hasPending: Bool { !pending.isEmpty }
  var isEmpty: Bool { pending.isEmpty && writingBytes == 0 }

  /// Adds a line, preceded by a notice about dropped lines; counts the line as dropped if there is no room.
  mutating func append(_ line: [UInt8], notice: (Int) -> [UInt8]) {
    let said = dropped > 0 ? notice(dropped) : []
    guard !isClosed, hasRoom(said.count + line.count, lines: said.isEmpty ? 1 : 2) else {
      dropped += 1
      return
    }
    if !said.isEmpty { add(said) }
    dropped = 0
    add(line)
  }

  /// Adds a notice about dropped lines, if there is room.
  mutating func noteDropped(_ notice: (Int) -> [UInt8]) {
    guard dropped > 0, !isClosed else { return }
    let line = notice(dropped)
    guard hasRoom(line.count, lines: 1) else { return }
    dropped = 0
    add(line)
  }

  private func hasRoom(_ bytes: Int, lines: Int) -> Bool {
    pending.count + writingBytes + bytes <= limits.bytes && pendingLines + writingLines + lines <= limits.lines
  }

  private mutating func add(_ line: [UInt8]) {
    pending += line
    pendingLines += 1
  }

  /// Whether the thread waits and has something to do; the caller must wake it.
  mutating func takeWaiting() -> Bool {
    guard isWaiting, !pending.isEmpty || fresh != nil else { return false }
    isWaiting = false
    return true
  }

  /// Later batches are written to `fresh`, which the queue owns.
  mutating func replaceDescriptor(with fresh: Int32) {
    if let unused = self.fresh { close(unused) }
    self.fresh = fresh
  }

  // MARK: The thread

  /// The thread's next step.
  mutating func next() -> Step {
    isWaiting = false
    writingLines = 0
    if let fresh {
      defer { (descriptor, self.fresh) = (fresh, nil) }
      return .close(descriptor)
    }
    guard pending.isEmpty else {
      let batch = pending
      (writingBytes, writingLines) = (pending.count, pendingLines)
      (pending, pendingLines) = ([], 0)
      return .write(batch, to: descriptor)
    }
    for written in flushes { eventfd_write(written, 1) }
    flushes = []
    if isClosed { return .end }
    isWaiting = true
    return .wait
  }

  /// - Parameter lost: lines that could not be written.
  mutating func wrote(_ bytes: Int, lost: Int) {
    writingBytes -= bytes
    dropped += lost
  }

  mutating func closeDescriptors() {
    close(descriptor)
    if let fresh { close(fresh) }
  }
}
