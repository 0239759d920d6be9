import Glibc
import TestSupport
import Testing

@testable import Workspaces

struct FileContentsTests {
  private let directory = TemporaryDirectory()

  @Test("files of any size are read whole", arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
  func reading(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 251) }
    let path = "\(directory.path)/deep/file"
    try FileContents.keep(bytes, as: "file", in: "\(directory.path)/deep")
    #expect(try FileContents.read(path) == bytes)
  }

  @Test("a missing file is nil; other failures are errors with the system's reason")
  func failures() throws {
    #expect(try FileContents.read("\(directory.path)/none") == nil)
    #expect(throws: FileContents.FileError.self) { try FileContents.read(directory.path) }
    directory.write("", to: "file")
    let error = #expect(throws: FileContents.FileError.self) { try FileContents.read("\(directory.path)/file/x") }
    #expect(error?.reason == "Not a directory")
  }

  @Test("replacing a file leaves open readers with the old contents")
  func replacing() throws {
    let path = "\(directory.path)/d/file"
    try FileContents.keep(Array("a long text".utf8), as: "file", in: "\(directory.path)/d")
    let reader = unsafe open(path, O_RDONLY | O_CLOEXEC)
    defer { close(reader) }
    try FileContents.keep(Array("short".utf8), as: "file", in: "\(directory.path)/d")
    #expect(try FileContents.read(path) == Array("short".utf8))
    var old = [UInt8](repeating: 0, count: 64)
    #expect(unsafe read(reader, &old, old.count) == 11)
  }
}
