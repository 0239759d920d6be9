import Glibc
import System
import TestSupport
import Testing

/// The built server on a port of its own, in front of the simulator.
final class ServerUnderTest: Sendable {
  let process: ServerProcess
  let directory: TemporaryDirectory
  let port: Int

  /// The server of the test's suite (`.server`).
  @TaskLocal static var current: ServerUnderTest?

  struct StartFailure: Error, CustomStringConvertible {
    let description: String
  }

  /// - Parameter settings: variables beside those that every test server gets.
  init(_ settings: [String: String] = [:], in directory: TemporaryDirectory) async throws {
    self.directory = directory
    var environment = [
      "PATH": "/usr/bin:/bin", "HOME": "\(directory.path)/home", "CLAUDE_CONFIG_DIR": "\(directory.path)/config",
      "WORKSPACE_BASE_PATH": directory.workspaces, "TMPDIR": "\(directory.path)/tmp", "HOST": "127.0.0.1",
      "CLAUDE_CLI_PATH": try Binaries.simulator(), "MCP_CONFIG_PATH": "\(directory.path)/mcp-config.json",
      "PROCESS_KILL_TIMEOUT_MS": "\(ServerUnderTest.killTimeoutMilliseconds)", "SHUTDOWN_GRACE_MS": "500",
      // One process for each turn, and as many as come: what is to be seen is the turn's own end.
      "CLAUDE_POOL_SPARES": "0", "CLAUDE_SESSION_IDLE_MS": "0", "CLAUDE_MAX_PROCESSES": "1000",
      "CLAUDE_MAX_QUEUE": "1000", "CLAUDE_QUEUE_TIMEOUT_MS": "60000",
    ]
    environment.merge(settings) { _, given in given }
    process = try ServerProcess(
      try Binaries.server(), ["--port", "0"], environment: environment, directory: directory.path)
    let output = try await process.output.wait(for: "the server's start") { output in
      output.exit != nil || output.lines.contains { ServerUnderTest.port(in: $0) != nil }
    }
    guard let port = output.lines.lazy.compactMap(ServerUnderTest.port(in:)).first else {
      throw StartFailure(description: "the server did not start:\n\(output.lines.joined(separator: "\n"))")
    }
    self.port = port
  }

  static let killTimeoutMilliseconds = 1000
  /// What is promised: after a client has left, or an order to stop, this long until all children are gone. A second for
  /// ending the turn by itself, the time of one step, and a second for the machine.
  static let teardownLimit: Duration = .milliseconds(1000 + killTimeoutMilliseconds + 1000)

  private static func port(in line: String) -> Int? {
    let mark = "listening url=http://"
    guard let start = line.firstRange(of: mark)?.upperBound else { return nil }
    // After the last colon: an IPv6 address has some of its own.
    return line[start...].prefix { $0 != " " }.split(separator: ":").last.flatMap { Int($0) }
  }

  /// Runs `body` with a server of its own, which is stopped afterwards and must end well.
  static func run<Result>(
    _ settings: [String: String] = [:], in directory: TemporaryDirectory? = nil,
    _ body: (ServerUnderTest) async throws -> Result
  ) async throws -> Result {
    let own = try directory ?? TemporaryDirectory.forServer()
    defer { if directory == nil { own.remove() } }
    let server = try await ServerUnderTest(settings, in: own)
    do {
      let result = try await body(server)
      try await server.stop()
      return result
    } catch {
      try? await server.abandon()
      Issue.record("the server's log ended with:\n\(server.log.suffix(30).joined(separator: "\n"))")
      throw error
    }
  }

  /// As a supervisor does it: SIGTERM, and the exit status is 0.
  func stop() async throws {
    process.signal(SIGTERM)
    #expect(try await process.exit() == .exited(0))
  }

  /// After a failure: ends the server, and what it may have left behind.
  private func abandon() async throws {
    let family = family
    process.signal(SIGTERM)
    do {
      _ = try await process.exit(within: .seconds(5))
    } catch {
      process.signal(SIGKILL)
    }
    for member in family { member.signal(SIGKILL) }
  }

  // MARK: Requests

  func start(_ request: ClientRequest) -> CurlTransfer { CurlClient.shared.start(request, port: port) }

  func send(_ request: ClientRequest) async throws -> ClientAnswer { try await start(request).answer() }

  // MARK: Its log

  var log: [String] { process.output.value.lines }

  /// Waits for a line that holds each of `parts`.
  @discardableResult
  func logLine(_ parts: String...) async throws -> String {
    let output = try await process.output.wait(for: "a log line with \(parts)") { output in
      output.lines.contains { line in parts.allSatisfy(line.contains) }
    }
    return try #require(output.lines.first { line in parts.allSatisfy(line.contains) })
  }

  /// Waits for `count` lines that hold `text`.
  func logLines(_ count: Int, _ text: String) async throws {
    try await process.output.wait(for: "\(count) log lines with \(text)") { output in
      output.lines.count { $0.contains(text) } >= count
    }
  }

  /// How many CLI processes it has started.
  var startedRuns: Int { log.filter { $0.contains("run started") }.count }

  // MARK: Its processes

  /// Everything that runs below it.
  var family: Set<ProcessIdentity> { ProcessTable().descendants(of: process.pid) }
}
