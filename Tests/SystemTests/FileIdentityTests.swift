import Glibc
import TestSupport
import Testing

@testable import System

struct FileIdentityTests {
  private let directory = TemporaryDirectory()

  @Test("a directory is the same through any path that is allowed")
  func same() throws {
    let path = directory.path
    for name in ["a", "b"] { _ = unsafe mkdir("\(path)/\(name)", 0o700) }
    _ = unsafe symlink("\(path)/a", "\(path)/link")
    let a = try #require(FileIdentity(ofDirectory: "\(path)/a", below: nil))
    #expect(FileIdentity(ofDirectory: "\(path)/link", below: nil) == a)
    #expect(FileIdentity(ofDirectory: "\(path)/a", below: path) == a)
    #expect(FileIdentity(ofDirectory: "\(path)/link", below: path) == nil)
    #expect(FileIdentity(ofDirectory: "\(path)/b", below: path) != a)
    #expect(FileIdentity(ofDirectory: "\(path)/c", below: nil) == nil)
    #expect(FileIdentity(ofDirectory: "/", below: path) == nil)
  }

  @Test("a process is in its working directory")
  func working() {
    #expect(FileIdentity(ofWorkingDirectoryOf: getpid()) == FileIdentity(ofDirectory: ".", below: nil))
    #expect(FileIdentity(ofWorkingDirectoryOf: 0) == nil)
  }
}
