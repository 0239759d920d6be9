import Bytes
import CLinux
import Foundation
import Glibc
import TestSupport
import Testing

/// A server whose standard output is a pipe that nobody reads once it listens, for as long as the test wants.
@Suite(.alone, .serialized)
struct StalledLogTests {
  private final class StalledServer {
    let pid: Int32
    /// The reading end of the log.
    let log: Int32
    private(set) var port = 0

    init(in directory: TemporaryDirectory) throws {
      var ends: [Int32] = [-1, -1]
      let isMade = unsafe pipe2(&ends, O_CLOEXEC) == 0
      try #require(isMade)
      defer { Glibc.close(ends[1]) }
      log = ends[0]
      pid = try ServerProcess.spawn(
        try Binaries.server(), ["--port", "0", "--simulate", "--env-file", "/dev/null"],
        environment: [
          "PATH": "/usr/bin:/bin", "HOME": directory.path, "TMPDIR": "\(directory.path)/tmp", "LOG_LEVEL": "debug",
          "WORKSPACE_BASE_PATH": directory.workspaces, "CLAUDE_POOL_SPARES": "0", "LOG_FORMAT": "json",
        ], directory: directory.path, output: ends[1])
      port = try #require(try readPort(), "the server does not listen")
    }

    /// Reads the log as far as the line that names the port, and what came with it.
    private func readPort() throws -> Int? {
      var read: [UInt8] = []
      while case let part = StalledServer.part(of: log), !part.isEmpty {
        read += part
        let whole = read[..<(read.lastIndex(of: Ascii.lineFeed) ?? 0)].split(separator: Ascii.lineFeed)
        for line in try whole.map({ try JSONValue(parsing: Array($0)) }) where line["msg"] == "listening" {
          return line["url"]?.string?.split(separator: ":").last.flatMap { Int($0) }
        }
      }
      return nil
    }

    /// Waits for more of the log; empty at its end.
    static func part(of log: Int32) -> [UInt8] {
      var part = [UInt8](repeating: 0, count: 64 * 1024)
      let count = unsafe read(log, &part, part.count)
      return Array(part[..<max(0, count)])
    }

    func stop() -> ServerProcess.Exit {
      kill(pid, SIGTERM)
      return ServerProcess.waitForExit(of: pid)
    }

    deinit { Glibc.close(log) }
  }

  /// How many of `count` requests on one connection are answered.
  private func answers(_ client: RawConnection, _ path: String, _ count: Int, status: Int) -> Int {
    for answered in 0..<count {
      client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
      guard client.receive(until: "}").hasPrefix("HTTP/1.1 \(status) ") else { return answered }
    }
    return count
  }

  @Test("a stuck log reader delays neither 5,000 requests nor a shutdown beyond a second")
  func stalled() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    let server = try StalledServer(in: directory)
    let client = try RawConnection(port: server.port)
    #expect(answers(client, "/health/live", 5000, status: 200) == 5000)
    client.close()
    let start = ContinuousClock.now
    #expect(server.stop() == .exited(0))
    #expect(ContinuousClock.now - start > .milliseconds(900))
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test("log lines beyond the limit are dropped and counted")
  func counted() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    let server = try StalledServer(in: directory)
    let client = try RawConnection(port: server.port)
    // A line for each, which is longer than its path: twice what the queue holds.
    #expect(answers(client, "/\(String(repeating: "x", count: 4000))", 2000, status: 404) == 2000)
    client.close()
    let output = Task.detached { [log = server.log] in
      var all: [UInt8] = []
      while case let part = StalledServer.part(of: log), !part.isEmpty { all += part }
      return all
    }
    #expect(server.stop() == .exited(0))
    let lines = try await output.value.split(separator: Ascii.lineFeed).map { try JSONValue(parsing: Array($0)) }
    let requests = lines.count { $0["msg"] == "request" }
    let dropped = lines.filter { $0["msg"] == "dropped log lines" }.compactMap { $0["lines"]?.int }.reduce(0, +)
    #expect(requests > 900 && dropped > 500)
    // What is said of the stop may have been dropped, too.
    #expect((2000...2003).contains(requests + dropped))
  }
}
