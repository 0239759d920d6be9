import Glibc
import Testing

/// The server on IPv6 addresses, asked over real sockets.
@Suite(.beside)
struct AddressTests {
  @Test("the server listens on ::1, with brackets in its address and its peers")
  func loopback() async throws {
    try Self.requireIPv6()
    try await ServerUnderTest.run(["HOST": "::1", "LOG_LEVEL": "info"]) { server in
      try await server.logLine("listening url=http://[::1]:\(server.port) ")
      try await Self.expectAnswer(of: server, to: "::1", peer: "[::1]")
      #expect(throws: RawConnection.ConnectError.self) { try RawConnection(host: "127.0.0.1", port: server.port) }
    }
  }

  @Test("the server on :: accepts IPv6 and, where mapped, IPv4")
  func every() async throws {
    try Self.requireIPv6()
    try await ServerUnderTest.run(["HOST": "::", "LOG_LEVEL": "info"]) { server in
      try await server.logLine("listening url=http://[::]:\(server.port) ")
      try await Self.expectAnswer(of: server, to: "::1", peer: "[::1]")
      if try Self.mapsAddresses() {
        try await Self.expectAnswer(of: server, to: "127.0.0.1", peer: "[::ffff:127.0.0.1]")
      } else {
        #expect(throws: RawConnection.ConnectError.self) { try RawConnection(host: "127.0.0.1", port: server.port) }
      }
    }
  }

  /// - Parameter peer: the client's address as it stands in the log.
  private static func expectAnswer(of server: ServerUnderTest, to host: String, peer: String) async throws {
    let connection = try RawConnection(host: host, port: server.port)
    defer { connection.close() }
    let authority = host.contains(":") ? "[\(host)]" : host
    // Not a route of health: those are answered under any name.
    connection.send(
      "GET /v1/models HTTP/1.1\r\nHost: \(authority):\(server.port)\r\nConnection: close\r\n\r\n")
    #expect(connection.receive().hasPrefix("HTTP/1.1 200 OK\r\n"))
    try await server.logLine("path=/v1/models", "status=200", "peer=\(peer):\(connection.localPort)")
  }

  private static func requireIPv6() throws {
    let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_addr = in6addr_loopback
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
    try #require(code == 0, "this machine has no IPv6 on loopback (::1), which this test needs: error \(errno)")
  }

  /// Whether a socket on `::` takes IPv4 clients too (ipv6(7), `bindv6only`).
  private static func mapsAddresses() throws -> Bool {
    let file = unsafe open("/proc/sys/net/ipv6/bindv6only", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    var byte: UInt8 = 0
    try #require(unsafe read(file, &byte, 1) == 1)
    return byte == UInt8(ascii: "0")
  }
}
