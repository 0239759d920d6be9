import Glibc
import Testing

/// A bare TCP connection, for what libcurl cannot be made to send.
final class RawConnection: Sendable {
  private let descriptor: Int32

  struct ConnectError: Error {
    let code: Int32
  }

  /// - Parameter host: an address.
  init(host: String = "127.0.0.1", port: Int) throws {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0, let address = unsafe found?.pointee else {
      throw ConnectError(code: EADDRNOTAVAIL)
    }
    defer { unsafe freeaddrinfo(found) }
    descriptor = unsafe socket(address.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    // A read that waits longer than this has failed.
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    guard unsafe connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
      let error = errno
      Glibc.close(descriptor)
      throw ConnectError(code: error)
    }
  }

  /// The port of its own end.
  var localPort: Int {
    // The port stands at the same place in both families' addresses.
    var address = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
    }
    return code == 0 ? Int(in_port_t(bigEndian: address.sin6_port)) : -1
  }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Says that nothing more will be sent; the answer can still come.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Everything up to and including `mark`, or to the end.
  func receive(until mark: String? = nil) -> String {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    let wanted = mark.map { Array($0.utf8) }
    while true {
      if let wanted, bytes.firstRange(of: wanted) != nil { break }
      let count = unsafe recv(descriptor, &part, part.count, 0)
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Ends the connection with a reset, as a crashed client's machine does.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    Glibc.close(descriptor)
  }

  func close() { Glibc.close(descriptor) }
}
