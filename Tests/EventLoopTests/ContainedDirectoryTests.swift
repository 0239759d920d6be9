import Glibc
import TestSupport
import Testing

@testable import EventLoop
@testable import System

@Reactor
@Suite(.bounded)
struct ContainedDirectoryTests {
  private let directory: TemporaryDirectory
  private var base: String { "\(directory.path)/base" }

  nonisolated init() throws {
    let directory = TemporaryDirectory()
    for name in ["base", "base/workspace", "base/workspace/demo", "outside", "outside/demo"] {
      try directory.makeDirectory(name)
    }
    self.directory = directory
  }

  @Test(
    "a child may start in any directory below the base", arguments: ["workspace", "workspace/demo", "workspace//demo/"])
  func below(name: String) async throws {
    let expected = name == "workspace" ? "\(base)/workspace\n" : "\(base)/workspace/demo\n"
    #expect(try await workingDirectory(of: command(in: "\(base)/\(name)")) == expected)
  }

  @Test("the base may end in a slash, and may be the root")
  func roots() async throws {
    let demo = "\(base)/workspace/demo"
    #expect(try await workingDirectory(of: command(in: demo, below: "\(base)/")) == "\(demo)\n")
    #expect(try await workingDirectory(of: command(in: demo, below: "/")) == "\(demo)\n")
    #expect(try await workingDirectory(of: command(in: "/\(demo)", below: "/")) == "\(demo)\n")
  }

  @Test("the base may be a link, or lie behind one")
  func linkedBase() async throws {
    try directory.makeLink("link", to: base)
    try directory.makeLink("above", to: directory.path)
    for base in ["\(directory.path)/link", "\(directory.path)/above/link"] {
      let found = try await workingDirectory(of: command(in: "\(base)/workspace/demo", below: base))
      #expect(found == "\(self.base)/workspace/demo\n")
    }
  }

  @Test("links below the base are refused", arguments: ["/", "demo", "../../outside", "nowhere"])
  func links(target: String) throws {
    try directory.makeLink("base/workspace/link", to: target)
    #expect(refusal(of: command(in: "\(base)/workspace/link"))?.code == ENOTDIR)
    #expect(refusal(of: command(in: "\(base)/workspace/link/demo"))?.code == ENOTDIR)
  }

  @Test("a link that replaces a directory is refused", arguments: [true, false])
  func swapped(isAbove: Bool) async throws {
    let command = command(in: "\(base)/workspace/demo", script: "touch made")
    _ = try await workingDirectory(of: command)
    #expect(directory.text(of: "base/workspace/demo/made") == "")
    let (place, target) = isAbove ? ("base/workspace", "outside") : ("base/workspace/demo", "outside/demo")
    try move(place, to: "old")
    try directory.makeLink(place, to: "\(directory.path)/\(target)")
    let expected = SystemCallError("open directory", code: ENOTDIR)
    #expect(refusal(of: command) == expected)
    #expect(expected.description == "open directory: Not a directory")
    #expect(directory.text(of: "outside/demo/made") == nil)
  }

  @Test("an opened directory stays the same when its path is replaced")
  func stays() throws {
    let demo = "\(base)/workspace/demo"
    let opened = try ContainedDirectory.open(demo, below: base)
    defer { close(opened) }
    let number = try inode(of: demo)
    try move("base/workspace/demo", to: "old")
    try directory.makeLink("base/workspace/demo", to: "\(directory.path)/outside")
    var status = stat()
    #expect(unsafe fstat(opened, &status) == 0)
    #expect(status.st_ino == number)
    #expect(try inode(of: demo) != number)
  }

  @Test("files and missing paths are refused")
  func others() throws {
    directory.write("", to: "base/file")
    #expect(refusal(of: command(in: "\(base)/file"))?.code == ENOTDIR)
    #expect(refusal(of: command(in: "\(base)/none"))?.code == ENOENT)
    #expect(refusal(of: command(in: "/none/demo", below: "/none"))?.code == ENOENT)
  }

  @Test(
    "a path that is not below the base is refused",
    arguments: ["", "/", "/..", "/workspace/..", "/workspace/../workspace/demo", "line", "line/demo"])
  func elsewhere(rest: String) throws {
    try directory.makeDirectory("baseline")
    try directory.makeDirectory("baseline/demo")
    #expect(refusal(of: command(in: base + rest)) == SystemCallError("open directory", code: EXDEV))
    #expect(refusal(of: command(in: "/usr")) == SystemCallError("open directory", code: EXDEV))
  }

  @Test("a refusal leaks no descriptor")
  func noLeaks() throws {
    try directory.makeLink("base/workspace/link", to: "/")
    let command = command(in: "\(base)/workspace/link")
    let before = try openDescriptors()
    let attempts = 4000
    // The first that is not refused ends the test: it would be the first of thousands of children.
    for _ in 0..<attempts { try #require(refusal(of: command)?.code == ENOTDIR) }
    // Each attempt opens two on the way; other tests have some of their own meanwhile.
    #expect(try openDescriptors() - before < attempts)
  }

  private func command(in path: String, below base: String? = nil, script: String = "exec /bin/pwd") -> ChildCommand {
    var command = ChildCommand.shell(script)
    command.directory = path
    command.containedIn = base ?? self.base
    return command
  }

  private func workingDirectory(of command: ChildCommand) async throws -> String {
    let recorder = ChildRecorder()
    let child = try ChildProcess(command, marker: freshMarker(), owner: recorder)
    child.closeInput()
    #expect(await recorder.ended() == .exited(0))
    return recorder.outputText
  }

  private func refusal(of command: ChildCommand) -> SystemCallError? {
    #expect(throws: SystemCallError.self) { try command.spawn() }
  }

  private func move(_ name: String, to new: String) throws {
    try #require(unsafe rename("\(directory.path)/\(name)", "\(directory.path)/\(new)") == 0)
  }

  private func inode(of path: String) throws -> ino_t {
    var status = stat()
    try #require(unsafe stat(path, &status) == 0)
    return status.st_ino
  }
}
