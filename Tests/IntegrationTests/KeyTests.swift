import Bytes
import Foundation
import Testing

/// Keys that the configuration knows by their digests only.
@Suite(.beside)
struct KeyTests {
  /// Runs the program's `key` command.
  private func key(_ arguments: [String], input: String = "") throws -> (output: String, status: Int32) {
    let process = Process()
    let output = Pipe()
    // A file, not a pipe: a program that does not read its input would end this one with SIGPIPE.
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try directory.write(input, to: "input")
    process.executableURL = URL(fileURLWithPath: try Binaries.server())
    process.arguments = ["key"] + arguments
    process.environment = ["PATH": "/usr/bin:/bin"]
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(directory.path)/input"))
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (String(decoding: bytes, as: UTF8.self), process.terminationStatus)
  }

  @Test("a made key opens the server whose configuration has the printed line, and no other key does")
  func made() async throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let (text, status) = try key([])
    #expect(status == 0)
    let lines = text.split(separator: "\n").map(String.init)
    try #require(lines.count == 2)
    #expect(try key([]).output != text)
    #expect(try key(["--hash"], input: "\(lines[0])\n").output == lines[1].dropFirst("API_KEY_HASHES=".count) + "\n")
    let admin = try key(["--hash"], input: "sk-admin").output
    try directory.write("\(lines[1])\nADMIN_API_KEY_HASHES=\(admin)\n", to: ".env")
    try await TestServer.run(in: directory) { server in
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

  @Test("keys as they are, in a file above the workspaces, are a warning at the start that names the file")
  func warning() async throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try directory.write("API_KEYS=sk-planted-0001\n", to: ".env")
    unsafe chmod("\(directory.path)/.env", 0o600)
    try await TestServer.run(in: directory) { server in
      try await server.logLine("WARN", "\(directory.path)/.env holds API keys, and every tool")
      #expect(!server.log.contains { $0.contains("sk-planted") })
    }
    let check = try ServerProcess(
      try Binaries.server(), ["--config-check"],
      environment: ["PATH": "/usr/bin:/bin", "WORKSPACE_BASE_PATH": directory.workspaces], directory: directory.path)
    #expect(try await check.exit() == .exited(0))
    #expect(check.output.value.lines.contains { $0.hasPrefix("Warning: \(directory.path)/.env holds API keys") })
  }

  @Test("what is wrong with its arguments, or its input, is status 64 and no key")
  func refused() throws {
    for (arguments, input) in [(["--hash"], ""), (["--hash"], "\n"), (["sk-secret"], "x")] {
      let (output, status) = try key(arguments, input: input)
      #expect(status == 64)
      #expect(!output.contains("sha256:") && !output.contains("sk-secret"))
    }
  }
}
