import Glibc
import TestSupport
import Testing

@testable import EventLoop

@Suite
struct ProgramTests {
  @Test("a program that was just written starts, whatever other threads start meanwhile")
  func starts() async throws {
    let directory = TemporaryDirectory()
    async let others: Void = { for _ in 0..<2000 { try Self.start("/bin/true") } }()
    for number in 0..<500 {
      try Self.start(directory.writeProgram("#!/bin/sh\n", to: "program\(number)"))
    }
    try await others
  }

  private static func start(_ program: String) throws {
    let child = try ChildCommand(executable: program, arguments: [], environment: [:], directory: "/").spawn()
    for descriptor in [child.pidDescriptor, child.input, child.output, child.errors] { close(descriptor) }
    waitpid(child.pid, nil, 0)
  }
}
