import Glibc
import Testing

@testable import System

struct SystemCallErrorTests {
  @Test("an error names the call and the system's message")
  func description() {
    #expect(SystemCallError("open", code: ENOENT).description == "open: No such file or directory")
  }
}
