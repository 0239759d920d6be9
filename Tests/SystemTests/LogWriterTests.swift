import EventLoop
import Glibc
import TestSupport
import Testing

@testable import System

@Suite(.bounded)
struct LogWriterTests {
  private let directory = TemporaryDirectory()

  @Sendable private static func notice(_ count: Int) -> [UInt8] { Array("dropped \(count)\n".utf8) }

  private func limits(bytes: Int = 1 << 20, lines: Int = 1000) -> LogWriter.Limits {
    var limits = LogWriter.Limits()
    (limits.bytes, limits.lines, limits.flush) = (bytes, lines, .milliseconds(20))
    return limits
  }

  /// A pipe that is full, so that the writer's first write waits, and what is in it.
  private struct FullPipe {
    let reading: Int32
    let writing: Int32
    let count: Int

    init() throws {
      var ends: [Int32] = [-1, -1]
      guard unsafe pipe(&ends) == 0 else { throw SystemCallError("pipe", code: errno) }
      (reading, writing) = (ends[0], ends[1])
      _ = fcntl(writing, F_SETFL, O_NONBLOCK)
      let page = [UInt8](repeating: UInt8(ascii: "-"), count: 4096)
      var count = 0
      while true {
        let written = unsafe write(writing, page, page.count)
        guard written > 0 else { break }
        count += written
      }
      _ = fcntl(writing, F_SETFL, 0)
      self.count = count
    }

    /// What comes out behind what was in it, to a line that ends in `last`.
    func text(to last: String) -> String {
      var bytes: [UInt8] = []
      var part = [UInt8](repeating: 0, count: 64 * 1024)
      while true {
        let text = String(decoding: bytes.dropFirst(count), as: UTF8.self)
        if text.hasSuffix("\(last)\n") { return text }
        let read = unsafe Glibc.read(reading, &part, part.count)
        guard read > 0 else { return text }
        bytes += part[..<read]
      }
    }
  }

  @Test("lines of several threads are all written, in order per thread")
  func order() async throws {
    let path = "\(directory.path)/log"
    let writer = try LogWriter(path: path, limits: limits(lines: 1 << 20), notice: Self.notice)
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<4 {
        group.addTask { for line in 0..<2000 { writer.append(Array("\(thread) \(line)\n".utf8)) } }
      }
    }
    while !writer.flush() {}
    let lines = String(decoding: fileContents(path), as: UTF8.self).split(separator: "\n")
    for thread in 0..<4 {
      #expect(lines.filter { $0.hasPrefix("\(thread) ") } == (0..<2000).map { "\(thread) \($0)" })
    }
    writer.close()
  }

  @Test("a reader that does not read blocks nobody; lines that do not fit are dropped and counted")
  func stalled() throws {
    let pipe = try FullPipe()
    let writer = try LogWriter(adopting: pipe.writing, limits: limits(lines: 10), notice: Self.notice)
    for line in 0..<5000 { writer.append(Array("\(line)\n".utf8)) }
    #expect(writer.dropped == 4990)
    #expect(!writer.flush())
    let kept = (0..<10).map { "\($0)\n" }.joined()
    #expect(pipe.text(to: "9") == kept)
    while !writer.flush() {}
    writer.append(Array("next\n".utf8))
    writer.close()
    close(pipe.reading)
  }

  @Test("the next written line reports how many were dropped")
  func notice() throws {
    let pipe = try FullPipe()
    let writer = try LogWriter(adopting: pipe.writing, limits: limits(lines: 3), notice: Self.notice)
    for line in 0..<7 { writer.append(Array("\(line)\n".utf8)) }
    #expect(writer.dropped == 4)
    Self.read(pipe.reading, count: pipe.count + 6)
    // Not before there is room.
    while writer.dropped > 0 { writer.append(Array("next\n".utf8)) }
    while !writer.flush() {}
    writer.append(Array("last\n".utf8))
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = unsafe Glibc.read(pipe.reading, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    #expect(text.hasPrefix("dropped "))
    #expect(text.contains("\nnext\n"))
    writer.close()
    close(pipe.reading)
  }

  /// Reads so many bytes.
  private static func read(_ descriptor: Int32, count: Int) {
    var rest = count
    var part = [UInt8](repeating: 0, count: count)
    while rest > 0 {
      let count = unsafe Glibc.read(descriptor, &part, rest)
      guard count > 0 else { return }
      rest -= count
    }
  }

  @Reactor
  @Test("limits: bytes and lines that wait")
  func bounds() async throws {
    let bytes = try await LimitTable.row("bytes of log that wait", limits().bytes) { offset in
      let pipe = try FullPipe()
      let limits = limits()
      let writer = try LogWriter(adopting: pipe.writing, limits: limits, notice: Self.notice)
      writer.append([UInt8](repeating: UInt8(ascii: "x"), count: limits.bytes + offset - 1) + [10])
      defer { close(pipe.reading) }
      defer { writer.close() }
      return writer.dropped == 0 ? "kept" : "dropped"
    }
    #expect(bytes == ["kept", "kept", "dropped"])
    let lines = try await LimitTable.row("lines of log that wait", limits().lines) { offset in
      let pipe = try FullPipe()
      let limits = limits()
      let writer = try LogWriter(adopting: pipe.writing, limits: limits, notice: Self.notice)
      for _ in 0..<(limits.lines + offset) { writer.append([10]) }
      defer { close(pipe.reading) }
      defer { writer.close() }
      return writer.dropped == 0 ? "kept" : "dropped"
    }
    #expect(lines == ["kept", "kept", "dropped"])
  }

  @Test("reopening after a rotation starts a new file")
  func rotation() throws {
    let path = "\(directory.path)/log"
    let writer = try LogWriter(path: path, limits: limits(), notice: Self.notice)
    writer.append(Array("one\n".utf8))
    while !writer.flush() {}
    directory.rename("log", to: "log.1")
    writer.append(Array("two\n".utf8))
    while !writer.flush() {}
    #expect(try writer.reopen())
    writer.append(Array("three\n".utf8))
    while !writer.flush() {}
    #expect(directory.text(of: "log.1") == "one\ntwo\n")
    #expect(directory.text(of: "log") == "three\n")
    writer.close()
  }

  @Test("reopening does not wait for a stuck reader")
  func rotationWhileStuck() throws {
    let pipe = try FullPipe()
    let path = "\(directory.path)/log"
    let writer = try LogWriter(path: path, adopting: pipe.writing, limits: limits(), notice: Self.notice)
    writer.append(Array("one\n".utf8))
    // The thread has taken the line when it no longer waits in the queue.
    while writer.hasPending { sched_yield() }
    #expect(try writer.reopen())
    #expect(try writer.reopen())
    writer.append(Array("two\n".utf8))
    #expect(pipe.text(to: "one") == "one\n")
    while !writer.flush() {}
    #expect(directory.text(of: "log") == "two\n")
    writer.close()
    close(pipe.reading)
  }

  @Test("lines that cannot be written are counted", arguments: ["/dev/full", nil])
  func lost(path: String?) throws {
    let writer: LogWriter
    if let path {
      writer = try LogWriter(path: path, limits: limits(), notice: Self.notice)
    } else {
      let pipe = try FullPipe()
      close(pipe.reading)
      writer = try LogWriter(adopting: pipe.writing, limits: limits(), notice: Self.notice)
    }
    writer.append(Array("one\n".utf8))
    writer.append(Array("two\n".utf8))
    while writer.dropped < 2 { sched_yield() }
    #expect(writer.dropped == 2)
    writer.close()
  }

  @Test("a path that cannot be opened is an error with its reason")
  func unopenable() {
    #expect(throws: SystemCallError("open /nowhere/log", code: ENOENT)) {
      try LogWriter(path: "/nowhere/log", notice: Self.notice)
    }
  }
}
