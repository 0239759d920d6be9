import Bytes
import Glibc
public import System

/// One open descriptor on the loop: reads, writes, closes. It owns the descriptor.
@Reactor
public final class Channel {
  public enum ReadOutcome: Equatable, Sendable {
    /// Nothing more for now; the handler is called when there is.
    case drained
    /// There may be more: call again, or return on the loop's next turn.
    case more
    case end
    case failed(SystemCallError)
  }

  public enum WriteOutcome: Equatable, Sendable {
    /// This many bytes were written; if fewer than offered, wait for `writable`.
    case wrote(Int)
    case failed(SystemCallError)
  }

  public enum Kind: Sendable {
    case socket
    case pipe
  }

  private let descriptor: Int32
  private let kind: Kind
  private let loop: Loop
  public private(set) var isOpen = true

  /// Takes over `descriptor` (non-blocking) and watches it.
  public init(
    adopting descriptor: Int32, kind: Kind, handler: any DescriptorHandler, loop: Loop = .main
  ) throws(SystemCallError) {
    self.descriptor = descriptor
    self.kind = kind
    self.loop = loop
    do {
      try loop.register(descriptor, handler)
    } catch {
      Glibc.close(descriptor)
      isOpen = false
      throw error
    }
  }

  /// Reads once, into the loop's own buffer, and shows the bytes to `body`.
  public func read(_ body: (Span<UInt8>) -> Void) -> ReadOutcome {
    guard isOpen else { return .end }
    return loop.withScratch { buffer in
      let capacity = buffer.count
      let count = Channel.receive(descriptor, into: &buffer)
      if count > 0 {
        body(buffer.span.extracting(0..<count))
        // A short read has emptied a stream; another read would only confirm that.
        return count < capacity ? .drained : .more
      }
      if count == 0 { return .end }
      switch errno {
      case EAGAIN: return .drained
      case EINTR: return .more
      default: return .failed(SystemCallError("read"))
      }
    }
  }

  /// Writes as much as the kernel takes now.
  public func write(_ bytes: Span<UInt8>) -> WriteOutcome {
    guard isOpen else { return .failed(SystemCallError("write", code: EBADF)) }
    guard !bytes.isEmpty else { return .wrote(0) }
    while true {
      let count = Channel.send(bytes, to: descriptor, kind)
      if count >= 0 { return .wrote(count) }
      switch errno {
      case EAGAIN: return .wrote(0)
      case EINTR: continue
      default: return .failed(SystemCallError("write"))
      }
    }
  }

  // Not isolated: a closure of an isolated function is checked for its isolation with every call.

  private nonisolated static func receive(_ descriptor: Int32, into buffer: inout [UInt8]) -> Int {
    let capacity = buffer.count
    return unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, capacity) }
  }

  private nonisolated static func send(_ bytes: Span<UInt8>, to descriptor: Int32, _ kind: Kind) -> Int {
    unsafe bytes.withUnsafeBufferPointer { pointer in
      switch kind {
      case .socket: unsafe Glibc.send(descriptor, pointer.baseAddress, pointer.count, Int32(MSG_NOSIGNAL))
      case .pipe: unsafe Glibc.write(descriptor, pointer.baseAddress, pointer.count)
      }
    }
  }

  /// Closes the sending half of a socket; what was written before still arrives.
  public func finishSending() {
    guard isOpen else { return }
    shutdown(descriptor, Int32(SHUT_WR))
  }

  public func close() {
    guard isOpen else { return }
    isOpen = false
    loop.unregister(descriptor)
    Glibc.close(descriptor)
  }
}
