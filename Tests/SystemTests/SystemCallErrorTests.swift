import Glibc
import Testing

@testable import System

struct SystemCallErrorTests {
  @Test("an error tells the call and what the system says about it")
  func description() {
    #expect(SystemCallError("open", code: ENOENT).description == "open: No such file or directory")
  }
}
