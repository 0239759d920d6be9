import TestSupport
import Testing

@testable import System

struct FileVersionTests {
  private let directory = TemporaryDirectory()

  @Test("a file that is left alone stays the same version, and continues itself")
  func same() throws {
    let path = directory.write("ab", to: "a")
    let version = try #require(FileVersion.of(path))
    #expect(FileVersion.of(path) == version)
    #expect(version.size == 2)
    #expect(version.continues(version))
    try directory.makeLink("link", to: path)
    #expect(FileVersion.of("\(directory.path)/link") == version)
  }

  @Test("one that has grown continues the older; one that has shrunk, or another file, does not")
  func changes() throws {
    let path = directory.write("ab", to: "a")
    let version = try #require(FileVersion.of(path))
    directory.write("abc", to: "a")
    let longer = try #require(FileVersion.of(path))
    #expect(longer != version && longer.continues(version) && !version.continues(longer))
    let other = try #require(FileVersion.of(directory.write("abc", to: "b")))
    #expect(!other.continues(version))
    #expect(FileVersion.of("\(directory.path)/none") == nil)
  }
}
