import CLinux
import Glibc

/// System calls on descriptors and on sockets of loopback.
enum Descriptors {
  /// Raises the limit of descriptors. Thousands of connections need more than the default.
  static func raiseLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(7 /* RLIMIT_NOFILE */), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(7), &limit)
  }

  static func makeNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// A listening socket.
  static func listen(on port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw BenchFailure(call: "socket") }
    var enabled: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &enabled, socklen_t(MemoryLayout<Int32>.size))
    let bound = unsafe withLoopback(port) { address, length in unsafe Glibc.bind(descriptor, address, length) }
    guard bound == 0, Glibc.listen(descriptor, 4096) == 0 else { throw BenchFailure(call: "bind") }
    makeNonBlocking(descriptor)
    return descriptor
  }

  /// A connection, non-blocking and without Nagle's delays; nil if the port is closed.
  static func connect(to port: UInt16) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    guard unsafe withLoopback(port, { address, length in unsafe Glibc.connect(descriptor, address, length) }) == 0
    else {
      close(descriptor)
      return nil
    }
    disableDelays(descriptor)
    makeNonBlocking(descriptor)
    return descriptor
  }

  /// The next connection of a listening socket, non-blocking and without Nagle's delays; nil if there is none.
  static func accept(from listener: Int32) -> Int32? {
    let descriptor = accept4(
      listener, nil, nil, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
    guard descriptor >= 0 else { return nil }
    disableDelays(descriptor)
    return descriptor
  }

  /// A free port.
  static func freePort() throws -> UInt16 {
    let descriptor = try listen(on: 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
    }
    guard result == 0 else { throw BenchFailure(call: "getsockname") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Reads into `buffer`. Returns the count, 0 at the end, or -1 with `errno`.
  static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> Int {
    let capacity = buffer.count
    return unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, capacity) }
  }

  /// Writes a part of `bytes`. Returns the count, or -1 with `errno`.
  static func write(_ descriptor: Int32, _ bytes: [UInt8], _ range: Range<Int>) -> Int {
    unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe Glibc.write(descriptor, base + range.lowerBound, range.count)
    }
  }

  private static func disableDelays(_ descriptor: Int32) {
    var enabled: Int32 = 1
    unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &enabled, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func withLoopback(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
