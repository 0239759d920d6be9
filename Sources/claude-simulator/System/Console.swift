import Bytes
import Glibc

/// Standard input and output in one poll: input is read while output waits for its reader.
final class Console {
  private(set) var isInputOpen = true
  /// Writes small pieces that end inside characters and lines.
  var cutsCharacters = false
  private var framer = LineFramer()
  private var arrived: [[UInt8]] = []
  private var outgoing = ByteBuffer()

  // The capacity of a pipe.
  private static let flushThreshold = 64 * 1024

  init() {
    var status = stat()
    // Files and terminals stay blocking: other processes may share the open file description.
    guard unsafe fstat(STDOUT_FILENO, &status) == 0 else { return }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFIFO || kind == S_IFSOCK else { return }
    _ = fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK)
  }

  /// Writes one line. `body` appends it without the line end.
  func line(_ body: (inout ByteBuffer) -> Void) {
    body(&outgoing)
    outgoing.append(Ascii.lineFeed)
    if outgoing.count >= Console.flushThreshold { flush() }
  }

  func text(_ text: String) { outgoing.append(text) }

  /// Writes everything that is buffered, and waits until it is written.
  func flush() {
    if cutsCharacters { return writeInPieces() }
    writeAvailable(outgoing.count)
    while !outgoing.isEmpty { exchange(timeout: -1) }
  }

  /// Flushes, then waits until a line has arrived, input has ended, or the deadline has passed.
  func wait(until deadline: Int?) {
    flush()
    let wasOpen = isInputOpen
    repeat {
      let rest = deadline.map { max(0, $0 - Clock.milliseconds) } ?? -1
      exchange(timeout: Int32(clamping: rest))
    } while arrived.isEmpty && isInputOpen == wasOpen && deadline.map { $0 > Clock.milliseconds } ?? true
  }

  /// Reads what has arrived, without waiting.
  func poll() { if isInputOpen { exchange(timeout: 0) } }

  /// Takes the lines that have arrived since the last call.
  func takeLines() -> [[UInt8]] {
    defer { arrived.removeAll() }
    return arrived
  }

  /// Stops reading standard input.
  func stopReading() { isInputOpen = false }

  /// Writes a line to stderr.
  func printError(_ message: String) {
    let bytes = Array((message + "\n").utf8)
    _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }

  /// Flushes and ends the process.
  func exit(_ status: Int32) -> Never {
    flush()
    Glibc.exit(status)
  }

  private func exchange(timeout: Int32) {
    var descriptors = [
      pollfd(fd: isInputOpen ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: outgoing.isEmpty ? -1 : STDOUT_FILENO, events: Int16(POLLOUT), revents: 0),
    ]
    guard unsafe Glibc.poll(&descriptors, 2, timeout) > 0 else { return }
    if descriptors[0].revents != 0 { readAvailable() }
    if descriptors[1].revents != 0 { writeAvailable(outgoing.count) }
  }

  private func readAvailable() {
    unsafe withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { space in
      let count = unsafe read(STDIN_FILENO, space.baseAddress, space.count)
      guard count > 0 else {
        isInputOpen = count < 0 && (errno == EAGAIN || errno == EINTR)
        if !isInputOpen { framer.finish { arrived.append($0.bytes(in: 0..<$0.count)) } }
        return
      }
      let chunk = unsafe Array(space[..<count])
      framer.push(chunk.span) { arrived.append($0.bytes(in: 0..<$0.count)) }
    }
  }

  private func writeAvailable(_ limit: Int) {
    guard limit > 0 else { return }
    let written = Console.write(outgoing, limit)
    if written > 0 { return outgoing.consume(written) }
    // The reader is gone.
    if errno != EAGAIN && errno != EINTR { Glibc.exit(0) }
  }

  private static func write(_ buffer: ByteBuffer, _ limit: Int) -> Int {
    let bytes = buffer.span
    return unsafe bytes.withUnsafeBufferPointer { pointer in
      unsafe Glibc.write(STDOUT_FILENO, pointer.baseAddress, limit)
    }
  }
}

extension Console {
  // 0.3 ms: long enough that a waiting reader sees each piece alone, short enough for a turn of a hundred lines.
  private static let pauseMicroseconds: UInt32 = 300
  private static let longestPiece = 311

  private func writeInPieces() {
    while !outgoing.isEmpty {
      let before = outgoing.count
      writeAvailable(nextPiece())
      if outgoing.count == before { exchange(timeout: -1) } else { usleep(Console.pauseMicroseconds) }
    }
  }

  // A piece ends in front of a byte that continues a character.
  private func nextPiece() -> Int {
    let limit = min(outgoing.count, Console.longestPiece)
    return (1..<max(1, limit)).first { outgoing[$0] & 0xC0 == 0x80 } ?? limit
  }
}
