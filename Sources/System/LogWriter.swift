import CLinux
import Glibc
import Synchronization

/// Writes log lines on a thread of its own, in order: a reader that does not read blocks nothing else.
///
/// Lines wait in a bounded queue. Lines that do not fit are dropped and counted, and the next line is preceded by a
/// notice with the count. The thread has all signals blocked, so it may be started before `Signals.takeOver`.
public final class LogWriter: Sendable {
  public struct Limits: Sendable {
    /// Bytes that wait, including those being written.
    public var bytes = 4 << 20
    /// Lines that wait, including those being written.
    public var lines = 32_768
    /// How long `flush` waits for a reader.
    public var flush: Duration = .seconds(1)

    public init() {}
  }

  private let path: String?
  private let limits: Limits
  private let notice: @Sendable (Int) -> [UInt8]
  private let wakeUp: Int32
  private let queue: Lock<LogQueue>

  /// - Parameters:
  ///   - path: of a file to append to, made if it is missing (mode 0640); nil for standard output.
  ///   - notice: makes the line that reports dropped lines.
  /// - Throws: `SystemCallError` if the file cannot be opened or the thread cannot be started.
  public convenience init(
    path: String?, limits: Limits = Limits(), notice: @escaping @Sendable (Int) -> [UInt8]
  ) throws(SystemCallError) {
    let descriptor = if let path { try LogWriter.open(path) } else { fcntl(1, F_DUPFD_CLOEXEC, 3) }
    try self.init(path: path, adopting: descriptor, limits: limits, notice: notice)
  }

  init(
    path: String? = nil, adopting descriptor: Int32, limits: Limits, notice: @escaping @Sendable (Int) -> [UInt8]
  ) throws(SystemCallError) {
    self.path = path
    self.limits = limits
    self.notice = notice
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC))
    queue = Lock(LogQueue(limits, descriptor))
    guard wakeUp >= 0 else { throw SystemCallError("eventfd") }
    try start()
  }

  private static func open(_ path: String) throws(SystemCallError) -> Int32 {
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    return descriptor
  }

  private func start() throws(SystemCallError) {
    var (all, old) = (sigset_t(), sigset_t())
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_BLOCK, &all, &old)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &old, nil) }
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        // Proof: `context` is the retained writer passed above; it is released here, when the thread ends.
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<LogWriter>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    guard code == 0 else {
      unsafe Unmanaged<LogWriter>.fromOpaque(context).release()
      throw SystemCallError("pthread_create", code: code)
    }
    pthread_detach(thread)
  }

  /// Queues a line. Never waits.
  public func append(_ line: [UInt8]) {
    let mustWake = queue.withLock { queue in
      queue.append(line, notice: notice)
      return queue.takeWaiting()
    }
    if mustWake { eventfd_write(wakeUp, 1) }
  }

  /// Opens the file again: after it was moved away, a new one begins. After a failure the old one is kept.
  ///
  /// - Returns: whether there is a file.
  public func reopen() throws(SystemCallError) -> Bool {
    guard let path else { return false }
    let fresh = try LogWriter.open(path)
    let mustWake = queue.withLock { queue in
      queue.replaceDescriptor(with: fresh)
      return queue.takeWaiting()
    }
    if mustWake { eventfd_write(wakeUp, 1) }
    return true
  }

  /// Waits until everything queued so far is written, or `Limits.flush` is over.
  ///
  /// - Returns: whether it is written.
  @discardableResult
  public func flush() -> Bool {
    let written = eventfd(0, Int32(EFD_CLOEXEC))
    guard written >= 0 else { return false }
    defer { Glibc.close(written) }
    let isEmpty = queue.withLock { queue in
      queue.noteDropped(notice)
      guard !queue.isEmpty else { return true }
      queue.flushes.append(written)
      return false
    }
    if isEmpty { return true }
    eventfd_write(wakeUp, 1)
    let deadline = ContinuousClock.now + limits.flush
    var poller = pollfd(fd: written, events: Int16(POLLIN), revents: 0)
    var isWritten = false
    while !isWritten, ContinuousClock.now < deadline {
      let rest = (deadline - ContinuousClock.now).components
      let milliseconds = rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1
      isWritten = unsafe poll(&poller, 1, Int32(clamping: max(0, milliseconds))) > 0
    }
    queue.withLock { queue in queue.flushes.removeAll { $0 == written } }
    return isWritten
  }

  /// Ends the thread when everything queued is written. Lines that come later are dropped.
  public func close() {
    queue.withLock { $0.isClosed = true }
    eventfd_write(wakeUp, 1)
  }

  /// Lines dropped since the last notice.
  var dropped: Int { queue.withLock { $0.dropped } }
  /// Whether there are lines that the thread has not taken.
  var hasPending: Bool { queue.withLock { $0.hasPending } }

  // MARK: The thread

  /// How much is written at once: room becomes free after each part.
  private static let partLength = 64 * 1024

  private func run() {
    while true {
      switch queue.withLock({ $0.next() }) {
      // Outside the lock: it may take a while.
      case .close(let old): Glibc.close(old)
      case .write(let batch, let descriptor): write(batch, to: descriptor)
      case .wait:
        var value: eventfd_t = 0
        unsafe eventfd_read(wakeUp, &value)
      case .end: return
      }
    }
  }

  private func write(_ batch: [UInt8], to descriptor: Int32) {
    var rest = batch[...]
    while !rest.isEmpty {
      let part = min(rest.count, LogWriter.partLength)
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, part) }
      if count < 0, errno == EAGAIN {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&poller, 1, -1)
      } else if count < 0, errno != EINTR {
        // The disk is full or the reader has gone: the lines are lost, and counted.
        let lost = rest.count { $0 == UInt8(ascii: "\n") }
        queue.withLock { $0.wrote(rest.count, lost: lost) }
        return
      } else if count > 0 {
        queue.withLock { $0.wrote(count, lost: 0) }
        rest = rest.dropFirst(count)
      }
    }
  }

  deinit {
    Glibc.close(wakeUp)
    queue.withLock { $0.closeDescriptors() }
  }
}
