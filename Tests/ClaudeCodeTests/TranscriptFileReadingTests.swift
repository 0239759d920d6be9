import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode

@Suite(.bounded)
struct TranscriptFileReadingTests {
  private let directory = TemporaryDirectory()
  private var location: TranscriptLocation {
    TranscriptLocation(configuration: "\(directory.path)/config", directory: "/w", sessionID: "s")
  }

  private func makeFolders(_ names: [String] = ["config", "config/projects", "config/projects/-w"]) throws {
    for name in names { try directory.makeDirectory(name) }
  }

  @Test("a transcript is read whole or from an offset; past the end it is empty")
  func contents() async throws {
    try makeFolders()
    directory.write("abc\nd", to: "config/projects/-w/s.jsonl")
    #expect(try await TranscriptFile.contents(of: location) == Array("abc\nd".utf8))
    #expect(try await TranscriptFile.contents(of: location, from: 4) == Array("d".utf8))
    #expect(try await TranscriptFile.contents(of: location, from: 9) == [])
  }

  @Test("a missing file or directory means no transcript", arguments: 0...3)
  func missing(depth: Int) async throws {
    try makeFolders(Array(["config", "config/projects", "config/projects/-w"].prefix(depth)))
    #expect(try await TranscriptFile.contents(of: location) == nil)
  }

  @Test("links below the configuration directory are not followed")
  func links() async throws {
    try makeFolders(["real", "real/projects", "real/projects/-w", "outside"])
    directory.write("secret", to: "outside/s.jsonl")
    directory.write("told", to: "real/projects/-w/s.jsonl")
    try directory.makeLink("config", to: "\(directory.path)/real")
    #expect(try await TranscriptFile.contents(of: location) == Array("told".utf8))

    try #require(unsafe unlink("\(directory.path)/real/projects/-w/s.jsonl") == 0)
    try directory.makeLink("real/projects/-w/s.jsonl", to: "\(directory.path)/outside/s.jsonl")
    await #expect(throws: SystemCallError("open transcript", code: ELOOP)) {
      try await TranscriptFile.contents(of: location)
    }
    try #require(unsafe unlink("\(directory.path)/real/projects/-w/s.jsonl") == 0)
    try #require(unsafe rmdir("\(directory.path)/real/projects/-w") == 0)
    try directory.makeLink("real/projects/-w", to: "\(directory.path)/outside")
    await #expect(throws: SystemCallError("open transcript folder", code: ENOTDIR)) {
      try await TranscriptFile.contents(of: location)
    }
  }

  @Test("limit: length of a transcript that is read")
  func length() async throws {
    try makeFolders()
    let file = directory.write("", to: "config/projects/-w/s.jsonl")
    let limit = TranscriptFile.maximumLength
    let outcomes = try await LimitTable.row("transcript", limit) { offset in
      // A hole: it takes no room on the disk.
      try #require(unsafe truncate(file, limit + offset) == 0)
      do throws(SystemCallError) {
        return try await TranscriptFile.contents(of: location)?.count == limit + offset ? "read" : "cut"
      } catch {
        return error == .transcriptTooLong ? "refused" : "\(error)"
      }
    }
    #expect(outcomes == ["read", "read", "refused"])
  }
}
