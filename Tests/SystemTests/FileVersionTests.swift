import TestSupport
import Testing

@testable import System

struct FileVersionTests {
  private let directory = TemporaryDirectory()

  @Test("an unchanged file has the same version")
  func same() throws {
    let path = directory.write("ab", to: "a")
    let version = try #require(FileVersion.of(path))
    #expect(FileVersion.of(path) == version)
    #expect(version.size == 2)
    #expect(version.continues(version))
    try directory.makeLink("link", to: path)
    #expect(FileVersion.of("\(directory.path)/link") == version)
  }

  @Test("a longer file continues the older version; a shorter or replaced one does not")
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
