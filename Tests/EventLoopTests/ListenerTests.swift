import CLinux
import Glibc
import System
import TestSupport
import Testing

@testable import EventLoop

@Reactor
@Suite(.bounded)
struct ListenerTests {
  @Test("accepted connections have their peer, and are non-blocking and not inheritable")
  func accepting() async throws {
    var accepted: [(descriptor: Int32, peer: String)] = []
    let listener = try Listener(host: "127.0.0.1", port: 0) { outcome in
      if case .accepted(let descriptor, let peer) = outcome { accepted.append((descriptor, peer)) }
    }
    #expect(listener.port > 0)
    let clients = try (0..<3).map { _ in try connect(to: listener.port) }
    await until { accepted.count == 3 }
    #expect(accepted.map(\.peer) == clients.map { "127.0.0.1:\($0.localPort)" })
    for (descriptor, _) in accepted {
      #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
      #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
      close(descriptor)
    }
    for client in clients { close(client.descriptor) }
    listener.close()
  }

  @Test("many connections are accepted in batches, with turns of the loop between")
  func manyAtOnce() async throws {
    let limit = Listener.acceptsPerTurn
    let outcomes = try await LimitTable.row("connections in a turn", limit) { offset in
      var accepted: [Int32] = []
      var inFirstTurn = 0
      let listener = try Listener(host: "127.0.0.1", port: 0) { outcome in
        // Jobs come after the descriptors of the turn that they are begun in.
        if accepted.isEmpty { _ = Task.onLoop { inFirstTurn = accepted.count } }
        if case .accepted(let descriptor, _) = outcome { accepted.append(descriptor) }
      }
      let clients = try (0..<(limit + offset)).map { _ in try connect(to: listener.port).descriptor }
      await until { accepted.count == clients.count && inFirstTurn > 0 }
      for descriptor in accepted + clients { close(descriptor) }
      listener.close()
      return "\(inFirstTurn) of \(accepted.count)"
    }
    #expect(outcomes == ["63 of 63", "64 of 64", "64 of 65"])
  }

  @Test("a closed listener refuses connections")
  func closing() throws {
    let listener = try Listener(host: "127.0.0.1", port: 0) { _ in }
    listener.close()
    listener.close()
    #expect(throws: SystemCallError("connect", code: ECONNREFUSED)) { try connect(to: listener.port) }
  }

  @Test("a taken port is an error")
  func taken() throws {
    let listener = try Listener(host: "127.0.0.1", port: 0) { _ in }
    #expect(throws: SystemCallError("bind 127.0.0.1:\(listener.port)", code: EADDRINUSE)) {
      try Listener(host: "127.0.0.1", port: listener.port) { _ in }
    }
    listener.close()
  }

  @Test("a host without an address is an error")
  func unknownHost() {
    #expect(throws: SystemCallError("no address for no host", code: EADDRNOTAVAIL)) {
      try Listener(host: "no host", port: 0) { _ in }
    }
  }

  // The kernel completes the connection by itself, so this may block without the loop.
  private func connect(to port: Int) throws -> (descriptor: Int32, localPort: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        let connected = unsafe Glibc.connect(descriptor, pointer, length)
        return connected == 0 ? unsafe getsockname(descriptor, pointer, &length) : connected
      }
    }
    guard result == 0 else {
      let error = SystemCallError("connect", code: errno)
      close(descriptor)
      throw error
    }
    return (descriptor, Int(in_port_t(bigEndian: address.sin_port)))
  }
}
