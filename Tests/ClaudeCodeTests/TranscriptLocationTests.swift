import Testing

@testable import ClaudeCode

struct TranscriptLocationTests {
  // Names that CLI 2.1.329 made.
  @Test(
    "the folder name replaces UTF-16 units outside letters and digits",
    arguments: [
      ("/tmp/ws.é🎉_x-Y z", "-tmp-ws-----x-Y-z"), ("/tmp/ws e\u{301}\u{3000}q", "-tmp-ws-e--q"), ("/", "-"),
    ])
  func folders(directory: String, folder: String) {
    let location = TranscriptLocation(configuration: "/home/.claude", directory: directory, sessionID: "s")
    #expect(location.folder == folder)
    #expect(location.path == "/home/.claude/projects/\(folder)/s.jsonl")
  }

  @Test(
    "long folder names are truncated and hashed", arguments: [(199, ""), (200, ""), (201, "-9yxasj"), (230, "-qwukko")])
  func long(length: Int, hash: String) {
    let start = "/tmp/\(String(repeating: "d", count: 100))/"
    let directory = start + String(repeating: "e", count: length - start.count)
    let name = String(directory.map { $0 == "/" ? "-" : $0 }.prefix(TranscriptLocation.maximumFolderLength))
    #expect(TranscriptLocation.folder(for: directory) == name + hash)
  }
}
