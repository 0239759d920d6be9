import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode

@Suite(.bounded)
struct TranscriptFileRemovalTests {
  private let directory = TemporaryDirectory()
  private static let folder = "config/projects/-w"
  private var location: TranscriptLocation {
    TranscriptLocation(configuration: "\(directory.path)/config", directory: "/w", sessionID: "s")
  }

  private func exists(_ name: String) -> Bool {
    var status = stat()
    return unsafe lstat("\(directory.path)/\(name)", &status) == 0
  }

  private func makeFolders(_ names: [String]) throws { for name in names { try directory.makeDirectory(name) } }

  @Test("removal deletes the transcript and its session's directory, and nothing else")
  func removal() async throws {
    try makeFolders(["config", "config/projects", Self.folder])
    try makeFolders(["\(Self.folder)/s", "\(Self.folder)/s/subagents", "\(Self.folder)/s/empty", "\(Self.folder)/s2"])
    for name in ["s.jsonl", "s/subagents/a.jsonl", "s/b", "s2.jsonl", "s2/c"] {
      directory.write("x", to: "\(Self.folder)/\(name)")
    }
    try await TranscriptFile.remove(location)
    #expect(!exists("\(Self.folder)/s.jsonl") && !exists("\(Self.folder)/s"))
    #expect(exists("\(Self.folder)/s2.jsonl") && exists("\(Self.folder)/s2/c"))
    // The second time there is nothing to do.
    await #expect(throws: Never.self) { try await TranscriptFile.remove(location) }
  }

  @Test("removing a missing transcript succeeds and changes nothing", arguments: 0...2)
  func missing(depth: Int) async throws {
    let folders = ["config", "config/projects"]
    try makeFolders(Array(folders.prefix(depth)))
    await #expect(throws: Never.self) { try await TranscriptFile.remove(location) }
    #expect(folders.map(exists) == folders.indices.map { $0 < depth })
  }

  @Test("links are removed, their targets stay")
  func links() async throws {
    try makeFolders(["config", "config/projects", Self.folder, "\(Self.folder)/s", "outside", "outside/deep"])
    directory.write("kept", to: "outside/file")
    try directory.makeLink("\(Self.folder)/s.jsonl", to: "\(directory.path)/outside/file")
    try directory.makeLink("\(Self.folder)/s/in", to: "\(directory.path)/outside")
    try await TranscriptFile.remove(location)
    #expect(!exists("\(Self.folder)/s.jsonl") && !exists("\(Self.folder)/s"))
    try directory.makeLink("\(Self.folder)/s", to: "\(directory.path)/outside")
    try await TranscriptFile.remove(location)
    #expect(!exists("\(Self.folder)/s"))
    #expect(directory.text(of: "outside/file") == "kept" && exists("outside/deep"))
  }

  @Test("a link in the path is not followed", arguments: ["projects", "projects/-w"])
  func linkedWay(name: String) async throws {
    try makeFolders(["config", "outside", "outside/-w"])
    for file in ["outside/s.jsonl", "outside/-w/s.jsonl"] { directory.write("kept", to: file) }
    if name != "projects" { try directory.makeDirectory("config/projects") }
    try directory.makeLink("config/\(name)", to: "\(directory.path)/outside")
    await #expect(throws: SystemCallError("open transcript folder", code: ENOTDIR)) {
      try await TranscriptFile.remove(location)
    }
    #expect(exists("outside/s.jsonl") && exists("outside/-w/s.jsonl"))
  }

  @Test("limit: depth of a session's directory")
  func depth() async throws {
    let outcomes = try await LimitTable.row("directory beside a transcript", TranscriptFile.maximumDepth) { offset in
      let directory = TemporaryDirectory()
      for name in ["config", "config/projects", Self.folder] { try directory.makeDirectory(name) }
      var path = "\(Self.folder)/s"
      for _ in 0..<(TranscriptFile.maximumDepth + offset) {
        try directory.makeDirectory(path)
        path += "/d"
      }
      directory.write("x", to: "\(Self.folder)/s.jsonl")
      let location = TranscriptLocation(configuration: "\(directory.path)/config", directory: "/w", sessionID: "s")
      do throws(SystemCallError) {
        try await TranscriptFile.remove(location)
        return "removed"
      } catch {
        // The transcript stays: the session can be asked to be removed again.
        return error.code == ELOOP && directory.text(of: "\(Self.folder)/s.jsonl") != nil ? "refused" : "\(error)"
      }
    }
    #expect(outcomes == ["removed", "removed", "refused"])
  }
}
