import TestSupport
import Testing

@testable import Workspaces

struct FileContentsTests {
  private let directory = TemporaryDirectory()

  @Test("a file is read whole, whatever its size", arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
  func reading(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 251) }
    let path = "\(directory.path)/deep/file"
    try FileContents.write(bytes, to: path, directory: "\(directory.path)/deep")
    #expect(try FileContents.read(path) == bytes)
  }

  @Test("no file is nil, anything else that cannot be read an error with the system's reason")
  func failures() throws {
    #expect(try FileContents.read("\(directory.path)/none") == nil)
    #expect(throws: FileContents.FileError.self) { try FileContents.read(directory.path) }
    directory.write("", to: "file")
    let error = #expect(throws: FileContents.FileError.self) { try FileContents.read("\(directory.path)/file/x") }
    #expect(error?.reason == "Not a directory")
  }

  @Test("writing again replaces what was there")
  func replacing() throws {
    let path = "\(directory.path)/d/file"
    try FileContents.write(Array("a long text".utf8), to: path, directory: "\(directory.path)/d")
    try FileContents.write(Array("short".utf8), to: path, directory: "\(directory.path)/d")
    #expect(try FileContents.read(path) == Array("short".utf8))
  }
}
