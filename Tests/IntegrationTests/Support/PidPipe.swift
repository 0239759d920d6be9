import Foundation
import Glibc
import System
import TestSupport

/// A named pipe that a grandchild's process id is written into: reading it waits for the grandchild.
struct PidPipe: Sendable {
  let path: String
  private let written = Watched<Int32?>(nil)

  init(in directory: TemporaryDirectory) throws {
    path = "\(directory.path)/pid-\(UUID().uuidString)"
    guard unsafe mkfifo(path, 0o600) == 0 else { throw ServerProcess.SpawnError(code: errno) }
    Thread.detachNewThread { [path, written] in
      let pid = PidPipe.number(in: path)
      written.update { $0 = pid ?? 0 }
    }
  }

  // Foundation takes a named pipe for an empty file.
  private static func number(in path: String) -> Int32? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return Int32(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber))
  }

  /// The grandchild, once it runs.
  func process() async throws -> ProcessIdentity? {
    let pid = try await written.wait(for: "the grandchild's process id") { $0 != nil }
    return pid.flatMap { ProcessIdentity(running: $0) }
  }
}
