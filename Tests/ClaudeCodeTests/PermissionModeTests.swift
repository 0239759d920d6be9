import ClaudeCode
import Testing

struct PermissionModeTests {
  @Test("the modes are ordered from least to most")
  func order() {
    #expect(
      PermissionMode.allCases.sorted() == [.plan, .manual, .dontAsk, .acceptEdits, .auto, .bypassPermissions])
  }

  @Test("every mode has its flag's name, and is found by it", arguments: PermissionMode.allCases)
  func names(mode: PermissionMode) {
    #expect(PermissionMode(name: mode.name) == mode)
  }

  @Test(
    "the name default means manual; other names are none",
    arguments: [("default", .manual), ("Plan", nil), ("", nil), ("ask", nil), ("bypass", nil)]
      as [(String, PermissionMode?)])
  func otherNames(name: String, mode: PermissionMode?) {
    #expect(PermissionMode(name: name) == mode)
  }
}
