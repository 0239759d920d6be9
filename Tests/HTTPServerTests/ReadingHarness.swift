import EventLoop
import Glibc
import HTTP
import HTTPServerTestSupport
import Testing

@testable import HTTPServer

/// Connections of a server that a test calls by hand, each with a client that sends.
@Reactor
final class ReadingHarness {
  /// A state in which a connection reads, and what brings it there.
  struct Reading: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let opening: String
    let block: String

    init(_ name: String, _ opening: String, _ block: String) {
      testDescription = name
      self.opening = opening
      self.block = block
    }
  }

  let connections: [HTTPConnection]
  private let reading: Reading
  private let server: TestServer
  private let clients: [TestClient]
  private let descriptors: [Int32]
  /// What `watch` has seen.
  private(set) var seen: [String] = []

  /// Connections in the state of `reading`.
  init(_ count: Int, _ reading: Reading, _ limits: ServerLimits) async throws {
    self.reading = reading
    server = try TestServer.echoingPaths(limits: limits)
    var (connections, clients, descriptors): ([HTTPConnection], [TestClient], [Int32]) = ([], [], [])
    for _ in 0..<count {
      var ends: [Int32] = [-1, -1]
      let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
      try #require(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
      clients.append(try TestClient(ends[1]))
      connections.append(try HTTPConnection(ends[0], peer: "client:1", server: server.server))
      descriptors.append(ends[0])
    }
    (self.connections, self.clients, self.descriptors) = (connections, clients, descriptors)
    for client in clients { client.send(reading.opening) }
    try await server.settle()
  }

  /// Sends so many reads' worth on each of them. The loop does not turn meanwhile.
  func send(blocks: Int) throws {
    let size = blocks * ReadingHarness.block
    let text = String(repeating: reading.block, count: size / reading.block.utf8.count + 1)
    for client in clients {
      client.send(Array(text.utf8.prefix(size)))
      try #require(client.hasSentAll)
    }
  }

  /// How many reads' worth is left, a digit for each connection.
  var left: String {
    get throws {
      try descriptors.map { descriptor in
        var count: Int32 = 0
        try #require(unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0)
        return String(Int(count) / ReadingHarness.block)
      }.joined()
    }
  }

  /// Looks at what is left in each of the next turns, when what waited for the turn is done.
  func watch(turns: Int) {
    Loop.main.onNextTurn { [self] in
      seen.append((try? left) ?? "?")
      if turns > 1 { watch(turns: turns - 1) }
    }
  }

  private static let block = 64 * 1024

  func close() {
    for connection in connections { connection.lose() }
    for client in clients { client.close() }
    server.close()
  }
}
