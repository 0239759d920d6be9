import Glibc
import Testing

@testable import EventLoop

struct AppendOnlyFileTests {
  private func text(_ path: String) throws -> String {
    let descriptor = unsafe open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  @Test("lines are appended; after the file was moved away, opening again begins a new one")
  func rotation() throws {
    let directory = "/tmp/append-only-\(getpid())"
    try #require(unsafe mkdir(directory, 0o700) == 0)
    let path = "\(directory)/log"
    defer {
      for name in [path, "\(path).1"] { unsafe unlink(name) }
      unsafe rmdir(directory)
    }
    let file = try AppendOnlyFile(path: path)
    file.append(Array("one\n".utf8))
    unsafe rename(path, "\(path).1")
    file.append(Array("two\n".utf8))
    try file.reopen()
    file.append(Array("three\n".utf8))
    #expect(try text("\(path).1") == "one\ntwo\n")
    #expect(try text(path) == "three\n")
  }

  @Test("a path that cannot be opened is an error with its reason")
  func unopenable() {
    #expect(throws: SystemCallError("open /nowhere/log", code: ENOENT)) { try AppendOnlyFile(path: "/nowhere/log") }
  }
}
