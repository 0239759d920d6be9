import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode

@Suite(.bounded)
struct TranscriptFileTests {
  private let directory = TemporaryDirectory()
  private let transcript = Transcript([.init(.user, [.text("a")]), .init(.assistant, [.text("b")])])
  private var location: TranscriptLocation {
    TranscriptLocation(configuration: "\(directory.path)/config", directory: "/w", sessionID: "s")
  }

  @Test("a new transcript is readable by its owner only")
  func fresh() async throws {
    try await write(transcript)
    #expect(fileContents(location.path) == expected(transcript))
    #expect(try mode("config") == 0o700)
    #expect(try mode("config/projects") == 0o700)
    #expect(try mode("config/projects/-w") == 0o700)
    #expect(try mode("config/projects/-w/s.jsonl") == 0o600)
  }

  @Test("an existing file is not overwritten")
  func taken() async throws {
    try await write(transcript)
    await #expect(throws: SystemCallError("open transcript", code: EEXIST)) { try await write(Transcript([])) }
    #expect(fileContents(location.path) == expected(transcript))
  }

  @Test("neither the file nor its folder may be a link")
  func links() async throws {
    for name in ["config", "config/projects", "other"] { try directory.makeDirectory(name) }
    try directory.makeLink("config/projects/-w", to: "\(directory.path)/other")
    await #expect(throws: SystemCallError("open transcript folder", code: ENOTDIR)) { try await write(transcript) }
    try #require(unsafe unlink("\(directory.path)/config/projects/-w") == 0)
    try directory.makeDirectory("config/projects/-w")
    try directory.makeLink("config/projects/-w/s.jsonl", to: "\(directory.path)/other/made")
    await #expect(throws: SystemCallError("open transcript", code: EEXIST)) { try await write(transcript) }
    #expect(directory.text(of: "other/made") == nil)
  }

  @Test("the configuration directory may be reached through links")
  func ways() async throws {
    try directory.makeDirectory("real")
    try directory.makeLink("config", to: "\(directory.path)/real")
    try await write(transcript)
    #expect(directory.text(of: "real/projects/-w/s.jsonl") == String(decoding: expected(transcript), as: UTF8.self))
    let closed = TranscriptLocation(configuration: "/dev/null", directory: "/w", sessionID: "s")
    await #expect(throws: SystemCallError("make transcript folder", code: ENOTDIR)) {
      try await TranscriptFile.write(transcript, in: .sample, to: closed) { "x" }
    }
  }

  @Test("large conversations are written like small ones")
  func large() async throws {
    let half = String(repeating: "x", count: 1_500_000)
    let transcript = Transcript([.init(.user, [.text(half), .image(mediaType: "image/png", base64: half)])])
    #expect(!OffLoop.isInline(transcript.size))
    try await write(transcript)
    #expect(fileContents(location.path) == expected(transcript))
  }

  @Test("all content counts for a conversation's size, call inputs included")
  func size() {
    let text = String(repeating: "x", count: 1000)
    let call = ContentBlock.toolUse(id: "c", name: "f", input: ["a": [.string(text)]])
    let result = ContentBlock.toolResult(id: "c", content: [.text(text)], isError: false)
    #expect((3000..<3700).contains(Transcript([.init(.assistant, [.text(text), call]), .init(.user, [result])]).size))
  }

  private func write(_ transcript: Transcript) async throws {
    var ids = SequentialIDs()
    try await TranscriptFile.write(transcript, in: .sample, to: location) { ids.next() }
  }

  private func expected(_ transcript: Transcript) -> [UInt8] {
    var ids = SequentialIDs()
    return transcript.encoded(in: .sample) { ids.next() }
  }

  private func mode(_ name: String) throws -> mode_t {
    var status = stat()
    try #require(unsafe lstat("\(directory.path)/\(name)", &status) == 0)
    return status.st_mode & 0o777
  }
}
