import EventLoop
import Glibc
import TestSupport
import Testing

@testable import System

@Suite(.bounded)
struct ScratchDirectoryTests {
  private let parent = TemporaryDirectory()

  private static let marker = "claude-code-server.scratch"

  /// What stands in a directory.
  private func names(_ path: String) throws -> Set<String> {
    let directory = unsafe try #require(unsafe opendir(path))
    defer { unsafe closedir(directory) }
    var names: Set<String> = []
    while let entry = unsafe readdir(directory) {
      names.insert(
        unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names.subtracting([".", ".."])
  }

  /// A path below the parent, as the functions of `parent` take it.
  private func name(_ scratch: ScratchDirectory) -> String {
    String(scratch.path.split(separator: "/").last ?? "")
  }

  @Test("every scratch directory is new and private")
  func made() throws {
    let (first, second) = (try ScratchDirectory(in: parent.path), try ScratchDirectory(in: parent.path))
    #expect(first.path != second.path)
    #expect(first.path.hasPrefix("\(parent.path)/claude-code-server-"))
    var status = stat()
    #expect(unsafe lstat(first.path, &status) == 0)
    #expect(status.st_mode == S_IFDIR | 0o700)
    #expect(status.st_uid == geteuid())
  }

  @Test("a failed creation is an error with its reason")
  func impossible() {
    #expect(throws: SystemCallError("open \(parent.path)/none", code: ENOENT)) {
      try ScratchDirectory(in: "\(parent.path)/none")
    }
  }

  @Test("the parent may be set-group-id")
  func groupParent() throws {
    try parent.makeDirectory("group", mode: 0o2770)
    let scratch = try ScratchDirectory(in: "\(parent.path)/group")
    scratch.remove()
    #expect(try names("\(parent.path)/group") == [])
  }

  @Test("removal deletes the contents without following links")
  func removed() throws {
    try parent.makeDirectory("victim")
    parent.write("theirs", to: "victim/file")
    let scratch = try ScratchDirectory(in: parent.path)
    let name = name(scratch)
    try parent.makeDirectory("\(name)/mcp")
    try parent.makeDirectory("\(name)/mcp/deep")
    parent.write("", to: "\(name)/mcp/deep/file")
    parent.write("", to: "\(name)/mcp/\u{E9}\u{301}")
    try parent.makeLink("\(name)/link", to: "\(parent.path)/victim")
    try parent.makeLink("\(name)/mcp/link", to: "\(parent.path)/victim")
    scratch.remove()
    #expect(try names(parent.path) == ["victim"])
    #expect(parent.text(of: "victim/file") == "theirs")
    scratch.remove()
  }

  @Test("a link or another directory in its place is left alone", arguments: [true, false])
  func replaced(isLink: Bool) throws {
    try parent.makeDirectory("victim", mode: 0o700)
    parent.write("theirs", to: "victim/file")
    let scratch = try ScratchDirectory(in: parent.path)
    parent.rename(name(scratch), to: "moved")
    parent.write("", to: "moved/ours")
    if isLink {
      try parent.makeLink(name(scratch), to: "\(parent.path)/victim")
    } else {
      parent.rename("victim", to: name(scratch))
    }
    scratch.remove()
    #expect(parent.text(of: "\(name(scratch))/file") == "theirs")
    // Ours by descriptor, wherever it is: its files are gone.
    #expect(try names("\(parent.path)/moved") == [])
  }

  @Test("leftovers of dead owners are removed; others stay")
  func leftovers() throws {
    let living = try ScratchDirectory(in: parent.path)
    var dead: ScratchDirectory? = try ScratchDirectory(in: parent.path)
    let deadName = name(try #require(dead))
    parent.write("", to: "\(deadName)/journal")
    // The lock goes with the descriptor, as it does when the owner is killed.
    dead = nil
    // Of the same look, but for one thing each.
    try parent.makeDirectory("claude-code-server-backup", mode: 0o700)
    parent.write("", to: "claude-code-server-backup/mine")
    try parent.makeDirectory("claude-code-server-open", mode: 0o755)
    parent.write("", to: "claude-code-server-open/\(Self.marker)")
    try parent.makeDirectory("claude-code-server-linked", mode: 0o700)
    try parent.makeLink("claude-code-server-linked/\(Self.marker)", to: "/dev/null")
    try parent.makeDirectory("other", mode: 0o700)
    parent.write("", to: "other/\(Self.marker)")
    try parent.makeLink("claude-code-server-link", to: "\(parent.path)/other")
    let before = try names(parent.path)
    #expect(ScratchDirectory.removeLeftovers(in: parent.path) == 1)
    #expect(try names(parent.path) == before.subtracting([deadName]))
    #expect(try names(living.path) == [Self.marker])
    #expect(try names("\(parent.path)/claude-code-server-backup") == ["mine"])
    #expect(ScratchDirectory.removeLeftovers(in: parent.path) == 0)
    #expect(ScratchDirectory.removeLeftovers(in: "\(parent.path)/none") == 0)
  }

  @Reactor
  @Test("limit: depth of removal")
  func depth() async throws {
    let limit = ScratchDirectory.maximumDepth
    let outcomes = try await LimitTable.row("depth of a scratch directory", limit) { offset in
      let scratch = try ScratchDirectory(in: parent.path)
      var path = name(scratch)
      for _ in 0..<(limit + offset) {
        path += "/d"
        try parent.makeDirectory(path)
      }
      parent.write("", to: "\(path)/file")
      scratch.remove()
      return try names(parent.path).contains(name(scratch)) ? "stays" : "goes"
    }
    #expect(outcomes == ["goes", "goes", "stays"])
  }
}
