import Bytes
import Foundation
import Glibc
import TestSupport
import Testing

/// What the server keeps in TMPDIR, and what it leaves alone there.
@Suite(.beside)
struct ScratchTests {
  private static let mcp = #"{"mcpServers":{"notes":{"command":"true"}}}"#
  private static let request = ClientRequest.native("one", ["mcp-allowed-tools": ["mcp__notes__read"]])

  @Test("links at guessable names are not followed, and the scratch directory is removed at exit")
  func planted() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.write(Self.mcp, to: "mcp-config.json")
    try FileManager.default.createDirectory(atPath: "\(directory.path)/victim", withIntermediateDirectories: true)
    for name in ["file", "x.journal"] { directory.write("theirs", to: "victim/\(name)") }
    try await ServerUnderTest.run(in: directory) { server in
      for suffix in ["", "-runs"] {
        try directory.link("tmp/claude-code-server-\(server.process.pid)\(suffix)", to: "\(directory.path)/victim")
      }
      #expect(try await server.send(Self.request).status == 200)
      let scratch = try #require(
        try directory.contents().filter { $0.hasPrefix("tmp/") && $0.hasSuffix(".json") }.first)
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(scratch)")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
    let left = try directory.contents().filter { $0.hasPrefix("tmp/") }
    #expect(left.count == 2)
    for name in ["file", "x.journal"] {
      #expect(try String(contentsOfFile: "\(directory.path)/victim/\(name)", encoding: .utf8) == "theirs")
    }
  }

  @Test("scratch files of a killed server are removed by the next one, those of a running one are not")
  func killed() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    func scratches() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/tmp").sorted()
    }
    let first = try await ServerUnderTest(in: directory)
    let left = try scratches()
    #expect(left.count == 1)
    first.process.signal(SIGKILL)
    _ = try await first.process.exit()
    try await ServerUnderTest.run(in: directory) { second in
      let living = try scratches()
      #expect(living.count == 1 && living != left)
      try await ServerUnderTest.run(in: directory) { _ in
        let both = try scratches()
        #expect(both.count == 2 && both.contains(living[0]))
      }
      #expect(try scratches() == living)
    }
    #expect(try scratches() == [])
  }

  @Test("an unusable TMPDIR or a taken port fails the start and leaves nothing")
  func failures() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    let missing = try ServerProcess(
      try Binaries.server(), ["--port", "0"],
      environment: ["TMPDIR": "\(directory.path)/none", "PATH": "/usr/bin:/bin"],
      directory: directory.path)
    #expect(try await missing.exit() == .exited(1))
    #expect(missing.output.value.lines.contains { $0.contains("TMPDIR (\(directory.path)/none) cannot be used") })
    try await ServerUnderTest.run { server in
      let taken = try ServerProcess(
        try Binaries.server(), ["--port", "\(server.port)"],
        environment: ["TMPDIR": "\(directory.path)/tmp", "PATH": "/usr/bin:/bin"], directory: directory.path)
      #expect(try await taken.exit() == .exited(1))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/tmp") == [])
  }

  @Test("a missing scratch directory is an error with its own code")
  func gone() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.write(Self.mcp, to: "mcp-config.json")
    try await ServerUnderTest.run(in: directory) { server in
      let scratch = try #require(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/tmp").first)
      try FileManager.default.removeItem(atPath: "\(directory.path)/tmp/\(scratch)")
      let error = try await server.send(Self.request).error()
      #expect(error == ErrorBody(500, "server_error", code: "mcp_config_unusable"))
    }
  }
}
