import Glibc
import TestSupport
import Testing

@testable import EventLoop

@Suite(.bounded)
struct ProgramTests {
  @Test("a program that was just written starts while other threads start programs")
  func starts() async throws {
    let directory = TemporaryDirectory()
    let others = Task { for _ in 0..<2000 { try Self.start("/bin/true") } }
    var failures: [String] = []
    for number in 0..<500 {
      do {
        try Self.start(directory.writeProgram("#!/bin/sh\n", to: "program\(number)"))
      } catch {
        failures.append("\(error)")
      }
    }
    #expect(failures == [])
    await #expect(throws: Never.self) { try await others.value }
  }

  private static func start(_ program: String) throws {
    let child = try ChildCommand(executable: program, arguments: [], environment: [:], directory: "/").spawn()
    for descriptor in [child.pidDescriptor, child.input, child.output, child.errors] { close(descriptor) }
    waitpid(child.pid, nil, 0)
  }
}
