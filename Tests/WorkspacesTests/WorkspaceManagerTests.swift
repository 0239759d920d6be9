import Glibc
import TestSupport
import Testing

@testable import Workspaces

struct WorkspaceManagerTests {
  static let goodNames = [
    "a", "Z", "0", "project", "my-project_2.old", "-rf", "--help", "_", "...", "..a", "a..", ".hidden",
    String(repeating: "x", count: 254), String(repeating: "x", count: 255),
  ]

  static let badNames = [
    "", ".", "..", "../x", "a/b", "/a", "a/", "/", "a\0b", "\0", "a b", " a", "a\n", "a\\b", "~", "a:b", "a*", "$HOME",
    "é", "日本語", "a\u{301}", "\u{2024}\u{2024}", "a\u{2215}b", "%2e%2e", String(repeating: "x", count: 256),
    String(repeating: "x", count: 300), String(repeating: "é", count: 128),
  ]

  @Test("a name is one path component of letters, digits, '.', '_' and '-'", arguments: goodNames)
  func good(name: String) throws {
    #expect(WorkspaceManager.isName(name))
    #expect(try WorkspaceManager(base: "/srv").path(of: name) == "/srv/workspace/\(name)")
  }

  @Test("any other name is refused, and no directory is created", arguments: badNames)
  func bad(name: String) {
    let directory = TemporaryDirectory()
    let manager = WorkspaceManager(base: directory.path)
    #expect(!WorkspaceManager.isName(name))
    #expect(throws: WorkspaceError.badName(name)) { try manager.path(of: name) }
    #expect(throws: WorkspaceError.badName(name)) { try manager.directory(of: name) }
    #expect(FileStatus("\(directory.path)/workspace") == nil)
  }

  @Test(
    "the base is an absolute, normalised path",
    arguments: [("/srv", "/srv"), ("/srv//a/./b/", "/srv/a/b"), ("/", "/"), ("/.", "/")])
  func base(given: String, expected: String) {
    #expect(WorkspaceManager(base: given).base == expected)
  }

  @Test(
    "a relative base is resolved against the working directory",
    arguments: [(".", ""), ("data", "/data"), ("./a/b", "/a/b")])
  func relativeBase(given: String, expected: String) {
    let pointer = unsafe getcwd(nil, 0)
    let working = unsafe pointer.map { unsafe String(cString: $0) } ?? ""
    unsafe free(pointer)
    #expect(WorkspaceManager(base: given).base == working + expected)
  }

  @Test("workspaces are created with their parents, and reused", arguments: ["a", nil])
  func making(name: String?) throws {
    let directory = TemporaryDirectory()
    let manager = WorkspaceManager(base: "\(directory.path)/new/base")
    let expected = "\(directory.path)/new/base/" + (name.map { "workspace/\($0)" } ?? "shared_workspace")
    #expect(try manager.directory(of: name) == expected)
    #expect(FileStatus(expected)?.kind == .directory)
    #expect(try manager.directory(of: name) == expected)
  }

  @Test("a link in place of a workspace is refused, wherever it leads", arguments: ["/", "workspace/real", "nowhere"])
  func links(target: String) throws {
    let directory = TemporaryDirectory()
    try directory.makeDirectory("workspace")
    try directory.makeDirectory("workspace/real")
    try directory.makeLink("workspace/link", to: target.hasPrefix("/") ? target : "\(directory.path)/\(target)")
    try directory.makeLink("shared_workspace", to: "/tmp")
    let manager = WorkspaceManager(base: directory.path)
    let reason = "a workspace must be a directory, not a link"
    #expect(throws: WorkspaceError.unusable(path: "\(directory.path)/workspace/link", reason: reason)) {
      try manager.directory(of: "link")
    }
    #expect(throws: WorkspaceError.unusable(path: "\(directory.path)/shared_workspace", reason: reason)) {
      try manager.directory(of: nil)
    }
    #expect(FileStatus("\(directory.path)/nowhere") == nil)
  }

  @Test("a link in place of the directory of all workspaces is refused")
  func linkAbove() throws {
    let directory = TemporaryDirectory()
    try directory.makeDirectory("elsewhere")
    try directory.makeLink("workspace", to: "\(directory.path)/elsewhere")
    let reason = "a workspace must be a directory, not a link"
    #expect(throws: WorkspaceError.unusable(path: "\(directory.path)/workspace", reason: reason)) {
      try WorkspaceManager(base: directory.path).directory(of: "a")
    }
    #expect(FileStatus("\(directory.path)/elsewhere/a") == nil)
  }

  @Test("a file in place of a workspace or its parent is refused")
  func files() throws {
    let directory = TemporaryDirectory()
    directory.write("", to: "workspace")
    directory.write("", to: "shared_workspace")
    let manager = WorkspaceManager(base: directory.path)
    let reason = "it is not a directory"
    #expect(throws: WorkspaceError.unusable(path: "\(directory.path)/workspace", reason: reason)) {
      try manager.directory(of: "a")
    }
    #expect(throws: WorkspaceError.unusable(path: "\(directory.path)/shared_workspace", reason: reason)) {
      try manager.directory(of: nil)
    }
  }

  @Test("the check creates a missing base, and reports one that cannot be created")
  func check() throws {
    let directory = TemporaryDirectory()
    let fine = WorkspaceManager(base: "\(directory.path)/base").check()
    #expect(fine == (true, true))
    #expect(FileStatus("\(directory.path)/base")?.kind == .directory)
    directory.write("", to: "file")
    let blocked = WorkspaceManager(base: "\(directory.path)/file/base").check()
    #expect(blocked == (false, false))
  }
}
