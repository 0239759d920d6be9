import Bytes
import Foundation
import Glibc
import Testing

/// A server whose standard output is a pipe that nobody reads, for as long as the test wants.
@Suite(.alone, .serialized)
struct StalledLogTests {
  private final class StalledServer {
    let process = Process()
    let port: Int
    let output = Pipe()

    init(in directory: TemporaryDirectory) async throws {
      port = try StalledServer.freePort()
      process.executableURL = URL(fileURLWithPath: try Binaries.server())
      process.arguments = ["--port", "\(port)", "--simulate", "--env-file", "/dev/null"]
      process.environment = [
        "PATH": "/usr/bin:/bin", "HOME": directory.path, "TMPDIR": "\(directory.path)/tmp", "LOG_LEVEL": "debug",
        "WORKSPACE_BASE_PATH": directory.workspaces, "CLAUDE_POOL_SPARES": "0", "LOG_FORMAT": "json",
      ]
      process.standardOutput = output
      try process.run()
    }

    /// A connection, as soon as the server listens: its log cannot be asked.
    func connect() async throws -> RawConnection {
      let deadline = ContinuousClock.now + .seconds(20)
      while ContinuousClock.now < deadline {
        if let connection = try? RawConnection(port: port) { return connection }
        try await Task.sleep(for: .milliseconds(10))
      }
      return try RawConnection(port: port)
    }

    func stop() -> Int32 {
      process.terminate()
      process.waitUntilExit()
      return process.terminationStatus
    }

    /// A port that nobody listens on: the kernel gives it, and it is free again.
    private static func freePort() throws -> Int {
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          unsafe bind(listener, pointer, length) == 0 && getsockname(listener, pointer, &length) == 0
        }
      }
      try #require(isBound)
      return Int(in_port_t(bigEndian: address.sin_port))
    }
  }

  /// How many of `count` requests on one connection are answered.
  private func answers(_ client: RawConnection, _ path: String, _ count: Int, status: Int) -> Int {
    for answered in 0..<count {
      client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
      guard client.receive(until: "}").hasPrefix("HTTP/1.1 \(status) ") else { return answered }
    }
    return count
  }

  @Test("5,000 requests are answered, and a stop waits a second for the reader and not longer")
  func stalled() async throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let server = try await StalledServer(in: directory)
    let client = try await server.connect()
    #expect(answers(client, "/health/live", 5000, status: 200) == 5000)
    client.close()
    let start = ContinuousClock.now
    #expect(server.stop() == 0)
    #expect(ContinuousClock.now - start > .milliseconds(900))
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test("lines beyond the bound are dropped and counted; each request has its line or counts as dropped")
  func counted() async throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let server = try await StalledServer(in: directory)
    let client = try await server.connect()
    // A line for each, which is longer than its path: twice what the queue holds.
    #expect(answers(client, "/\(String(repeating: "x", count: 4000))", 2000, status: 404) == 2000)
    client.close()
    let output = Task.detached { [file = server.output.fileHandleForReading] in try file.readToEnd() ?? Data() }
    #expect(server.stop() == 0)
    try server.output.fileHandleForWriting.close()
    let lines = try await output.value.split(separator: Ascii.lineFeed).map { try JSONValue(parsing: Array($0)) }
    let requests = lines.count { $0["msg"] == "request" }
    let dropped = lines.filter { $0["msg"] == "dropped log lines" }.compactMap { $0["lines"]?.int }.reduce(0, +)
    #expect(requests > 900 && dropped > 500)
    // What is said of the stop may have been dropped, too.
    #expect((2000...2003).contains(requests + dropped))
  }
}
