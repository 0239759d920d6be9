import Foundation
import Glibc
import System
import TestSupport
import Testing

/// What tools leave behind, with the server's mark in its environment and without.
@Suite(.beside)
struct StrayTests {
  /// A CLI whose turn leaves two daemons behind, one of which has an empty environment. Their ids stand in `strays`.
  /// With `keep` in the prompt it lives until its input ends, otherwise it ends with its turn.
  private static let cli = """
    #!/bin/sh
    [ "$1" = --version ] && { echo '2.1.329 (Claude Code)'; exit 0; }
    read -r _; read -r prompt
    case "$prompt" in *leave*)
      (env -i setsid sleep 303 >/dev/null 2>&1 & echo $! >"${0%/*}/strays")
      (setsid sleep 303 >/dev/null 2>&1 & echo $! >>"${0%/*}/strays");;
    esac
    echo '{"type":"system","subtype":"init","cwd":"/","session_id":"s","tools":[]}'
    echo '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"done","session_id":"s"}'
    case "$prompt" in *keep*) exec cat >/dev/null;; esac
    """

  private func run(_ body: (ServerUnderTest) async throws -> Void) async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.writeProgram(Self.cli, to: "claude")
    let settings = ["CLAUDE_CLI_PATH": "\(directory.path)/claude", "CLAUDE_SESSION_IDLE_MS": "600000"]
    try await ServerUnderTest.run(settings, in: directory) { server in try await body(server) }
  }

  /// Runs a turn that leaves two daemons behind.
  private func strays(_ server: ServerUnderTest, _ prompt: String) async throws -> Set<ProcessIdentity> {
    #expect(try await server.send(.native(prompt)).status == 200)
    let text = try String(contentsOfFile: "\(server.directory.path)/strays", encoding: .utf8)
    return Set(text.split(separator: "\n").compactMap { Int32($0).flatMap(ProcessIdentity.init(running:)) })
  }

  @Test("daemons end with their turn's process, whatever their environment")
  func turn() async throws {
    try await run { server in
      let text = try await server.send(.native("leave"))
      #expect(text.status == 200)
      let pids = try String(contentsOfFile: "\(server.directory.path)/strays", encoding: .utf8)
      let left = Set(pids.split(separator: "\n").compactMap { Int32($0) })
      #expect(left.count == 2)
      #expect(
        try await Set(left.compactMap(ProcessIdentity.init(running:))).gone(within: ServerUnderTest.teardownLimit))
    }
  }

  @Test("daemons of an idle process live until it ends, and end with the server")
  func server() async throws {
    try await run { server in
      let kept = try await strays(server, "leave and keep")
      #expect(kept.count == 2)
      let other = try await strays(server, "leave")
      #expect(try await other.gone(within: ServerUnderTest.teardownLimit))
      // Another sweep has passed since.
      #expect(try await server.send(.native("nothing")).status == 200)
      #expect(kept.count(where: \.isAlive) == 2)
      let family = server.family
      #expect(family.isSuperset(of: kept))
      server.process.signal(SIGTERM)
      #expect(try await server.process.exit() == .exited(0))
      #expect(family.count(where: \.isAlive) == 0)
    }
  }

  @Test("a second signal ends daemons too")
  func killed() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.writeProgram(Self.cli + "\ntrap '' TERM; exec sleep 600", to: "claude")
    let server = try await ServerUnderTest(
      [
        "CLAUDE_CLI_PATH": "\(directory.path)/claude", "CLAUDE_SESSION_IDLE_MS": "600000",
        "PROCESS_KILL_TIMEOUT_MS": "20000",
      ], in: directory)
    let kept = try await strays(server, "leave")
    #expect(kept.count == 2)
    server.process.signal(SIGTERM)
    try await server.logLine("shutting down")
    server.process.signal(SIGTERM)
    #expect(try await server.process.exit(within: .seconds(5)) == .exited(1))
    #expect(kept.count(where: \.isAlive) == 0)
  }

  @Test("children that the server's process had before are left alone")
  func inherited() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    directory.writeProgram(Self.cli, to: "claude")
    directory.writeProgram(
      "#!/bin/sh\nsleep 303 </dev/null >/dev/null 2>&1 & echo $! >\(directory.path)/inherited\nexec \"$@\"\n",
      to: "wrapper")
    let server = try ServerProcess(
      "\(directory.path)/wrapper", [try Binaries.server(), "--port", "0"],
      environment: [
        "PATH": "/usr/bin:/bin", "WORKSPACE_BASE_PATH": directory.workspaces, "TMPDIR": "\(directory.path)/tmp",
        "CLAUDE_CLI_PATH": "\(directory.path)/claude", "HOME": directory.path,
      ], directory: directory.path)
    // The spare that was started ahead and the CLI that was asked for its version have ended by then.
    try await server.output.wait(for: "the CLI's version") { $0.lines.contains { $0.contains("Claude Code CLI") } }
    let text = try String(contentsOfFile: "\(directory.path)/inherited", encoding: .utf8)
    let inherited = try #require(Int32(text.filter(\.isNumber)).flatMap(ProcessIdentity.init(running:)))
    server.signal(SIGTERM)
    #expect(try await server.exit() == .exited(0))
    #expect(inherited.isAlive)
    inherited.signal(SIGKILL)
  }
}
