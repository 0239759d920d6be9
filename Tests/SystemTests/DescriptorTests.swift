import Glibc
import TestSupport
import Testing

@testable import System

struct DescriptorTests {
  private let directory = TemporaryDirectory()

  private func opened(_ path: String, _ flags: Int32) throws -> Int32 {
    let descriptor = unsafe open(path, flags | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    return descriptor
  }

  @Test(
    "a file is read whole, even if one read does not suffice", arguments: [0, 1, 64 * 1024 - 1, 64 * 1024, 200_000])
  func whole(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = "\(directory.path)/a"
    let file = try opened(path, O_WRONLY | O_CREAT)
    try Descriptor.write(bytes, to: file)
    close(file)
    let reading = try opened(path, O_RDONLY)
    defer { close(reading) }
    #expect(try Descriptor.readAll(reading) == bytes)
  }

  @Test("a file longer than the limit is refused")
  func limit() throws {
    let path = directory.write("abcd", to: "a")
    for (limit, fits) in [(3, false), (4, true), (5, true)] {
      let file = try opened(path, O_RDONLY)
      defer { close(file) }
      #expect((try? Descriptor.readAll(file, limit: limit)) == (fits ? Array("abcd".utf8) : nil))
    }
  }

  @Test("writing to a full disk and reading a bad descriptor are errors")
  func failures() throws {
    let full = try opened("/dev/full", O_WRONLY)
    defer { close(full) }
    #expect(throws: SystemCallError("write", code: ENOSPC)) { try Descriptor.write([1], to: full) }
    #expect(throws: SystemCallError("read", code: EBADF)) { try Descriptor.readAll(full) }
  }
}
