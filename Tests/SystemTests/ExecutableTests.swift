import Testing

@testable import System

struct ExecutableTests {
  @Test(
    "a program is an executable file",
    arguments: [("/bin/sh", true), ("/etc/passwd", false), ("/bin", false), ("/no/such/program", false), ("", false)])
  func exists(path: String, expected: Bool) {
    #expect(Executable.exists(path) == expected)
  }
}
