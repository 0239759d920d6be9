import Bytes
import Foundation
import TestSupport
import Testing

/// Keys that the configuration knows by their digests only.
@Suite(.beside)
struct KeyTests {
  /// Runs the program's `key` command.
  private func key(
    _ arguments: [String], input: String = ""
  ) async throws -> (output: String, exit: ServerProcess.Exit) {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.write(input, to: "input")
    let process = try ServerProcess(
      try Binaries.server(), ["key"] + arguments, environment: ["PATH": "/usr/bin:/bin"], directory: directory.path,
      input: "\(directory.path)/input")
    let exit = try await process.exit()
    return (process.output.value.lines.map { "\($0)\n" }.joined(), exit)
  }

  @Test("a generated key is accepted by a server with the printed line, and no other is")
  func made() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    let (text, exit) = try await key([])
    #expect(exit == .exited(0))
    let lines = text.split(separator: "\n").map(String.init)
    try #require(lines.count == 2)
    #expect(try await key([]).output != text)
    #expect(
      try await key(["--hash"], input: "\(lines[0])\n").output == lines[1].dropFirst("API_KEY_HASHES=".count) + "\n")
    let admin = try await key(["--hash"], input: "sk-admin").output
    directory.write("\(lines[1])\nADMIN_API_KEY_HASHES=\(admin)\n", to: ".env")
    try await ServerUnderTest.run(in: directory) { server in
      #expect(try await server.send(.get("/v1/models", ["x-api-key: \(lines[0])"])).status == 200)
      #expect(try await server.send(.get("/v1/models", ["x-api-key: sk-admin"])).status == 200)
      for wrong in ["sk-other", String(lines[1].dropFirst("API_KEY_HASHES=".count)), ""] {
        #expect(try await server.send(.get("/v1/models", ["x-api-key: \(wrong)"])).status == 401)
      }
      try await server.logLine("listening", "2 key(s), 1 of them admin")
      #expect(!server.log.contains { $0.contains("holds API keys") })
      // Nothing of them is in a child's environment.
      let text = try await server.send(
        .native("simulate: env=API_KEY_HASHES", [:], ["x-api-key: \(lines[0])"])
      ).result()
      #expect(text.contains("(unset)"))
    }
  }

  @Test("plain keys in a file above the workspaces cause a warning at the start")
  func warning() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.write("API_KEYS=sk-planted-0001\n", to: ".env")
    unsafe chmod("\(directory.path)/.env", 0o600)
    try await ServerUnderTest.run(in: directory) { server in
      try await server.logLine("WARN", "\(directory.path)/.env holds API keys, and every tool")
      #expect(!server.log.contains { $0.contains("sk-planted") })
    }
    let check = try ServerProcess(
      try Binaries.server(), ["--config-check"],
      environment: ["PATH": "/usr/bin:/bin", "WORKSPACE_BASE_PATH": directory.workspaces], directory: directory.path)
    #expect(try await check.exit() == .exited(0))
    #expect(check.output.value.lines.contains { $0.hasPrefix("Warning: \(directory.path)/.env holds API keys") })
  }

  @Test("bad arguments or input exit with status 64 and print no key")
  func refused() async throws {
    for (arguments, input) in [(["--hash"], ""), (["--hash"], "\n"), (["sk-secret"], "x")] {
      let (output, exit) = try await key(arguments, input: input)
      #expect(exit == .exited(64))
      #expect(!output.contains("sha256:") && !output.contains("sk-secret"))
    }
  }
}
