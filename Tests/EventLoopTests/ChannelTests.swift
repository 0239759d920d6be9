import Bytes
import Glibc
import System
import TestSupport
import Testing

@testable import EventLoop

@Reactor
@Suite(.bounded)
final class ChannelTests {
  private let channel: Channel
  private let peer: Int32
  private let recorder = ReadinessRecorder()

  init() throws {
    let (ours, theirs) = try socketPair()
    channel = try Channel(adopting: ours, kind: .socket, handler: recorder)
    peer = theirs
  }

  @Test("a read returns the available bytes and reports that none are left")
  func reading() async {
    writeAll("hello", to: peer)
    await until { recorder.events.contains { $0.contains(.readable) } }
    var bytes: [UInt8] = []
    #expect(read(into: &bytes) == .drained)
    #expect(bytes == Array("hello".utf8))
    #expect(read(into: &bytes) == .drained)
    #expect(bytes.count == 5)
    finish()
  }

  @Test("a read that fills the buffer reports that more may follow")
  func readingMore() {
    let sent = (0..<(64 * 1024 + 10)).map { UInt8(truncatingIfNeeded: $0 / 7) }
    writeAll(sent, to: peer)
    var bytes: [UInt8] = []
    #expect(read(into: &bytes) == .more)
    #expect(bytes.count == 64 * 1024)
    #expect(read(into: &bytes) == .drained)
    #expect(bytes == sent)
    finish()
  }

  @Test("the end is reported after the last bytes")
  func end() async {
    writeAll("last", to: peer)
    shutdown(peer, Int32(SHUT_WR))
    await until { recorder.events.contains { $0.contains(.peerFinished) } }
    var bytes: [UInt8] = []
    #expect(read(into: &bytes) == .drained)
    #expect(bytes == Array("last".utf8))
    #expect(read(into: &bytes) == .end)
    finish()
  }

  @Test("a write takes what the kernel accepts, and the handler is called when there is room")
  func congestion() async {
    let block = [UInt8](repeating: 7, count: 1 << 20)
    guard case .wrote(let first) = channel.write(block.span) else {
      Issue.record("nothing was written")
      return
    }
    #expect((1..<block.count).contains(first))
    #expect(channel.write(block.span) == .wrote(0))
    let before = recorder.events.count
    let taken = readAvailable(peer).count
    await until { recorder.events.dropFirst(before).contains { $0.contains(.writable) } }
    #expect(taken == first)
    guard case .wrote(let second) = channel.write(block.span) else {
      Issue.record("nothing was written")
      return
    }
    #expect(second > 0)
    finish()
  }

  @Test("an empty write does nothing")
  func emptyWrite() {
    close(peer)
    #expect(channel.write([UInt8]().span) == .wrote(0))
    channel.close()
  }

  @Test("writing to a socket without a peer fails")
  func brokenSocket() {
    close(peer)
    #expect(channel.write([1].span) == .failed(SystemCallError("write", code: EPIPE)))
    channel.close()
  }

  @Test("writing to a pipe without a reader fails without a signal")
  func brokenPipe() throws {
    finish()
    var ends: [Int32] = [-1, -1]
    try #require(unsafe pipe(&ends) == 0)
    let pipe = try Channel(adopting: ends[1], kind: .pipe, handler: recorder)
    close(ends[0])
    #expect(pipe.write([1].span) == .failed(SystemCallError("write", code: EPIPE)))
    pipe.close()
  }

  @Test("after finishing the sending half, written bytes arrive and reading continues")
  func finishSending() {
    #expect(channel.write([1, 2].span) == .wrote(2))
    channel.finishSending()
    #expect(readAvailable(peer) == [1, 2])
    var byte: UInt8 = 0
    #expect(unsafe Glibc.read(peer, &byte, 1) == 0)
    writeAll("answer", to: peer)
    var bytes: [UInt8] = []
    #expect(read(into: &bytes) == .drained)
    #expect(bytes == Array("answer".utf8))
    finish()
  }

  @Test("a closed channel reads the end, writes nothing and can be closed again")
  func closing() {
    #expect(channel.isOpen)
    channel.close()
    channel.close()
    channel.finishSending()
    var bytes: [UInt8] = []
    #expect(!channel.isOpen)
    #expect(read(into: &bytes) == .end)
    #expect(channel.write([1].span) == .failed(SystemCallError("write", code: EBADF)))
    var byte: UInt8 = 0
    #expect(unsafe Glibc.read(peer, &byte, 1) == 0)
    close(peer)
  }

  @Test("a descriptor that cannot be watched is rejected")
  func unwatchable() {
    finish()
    let file = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    #expect(throws: SystemCallError("epoll_ctl", code: EPERM)) {
      try Channel(adopting: file, kind: .pipe, handler: recorder)
    }
  }

  private func read(into bytes: inout [UInt8]) -> Channel.ReadOutcome {
    channel.read { part in bytes += part.bytes(in: 0..<part.count) }
  }

  private func finish() {
    channel.close()
    close(peer)
  }
}
