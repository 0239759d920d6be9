import ClaudeCode
import Testing

struct PermissionModeTests {
  @Test("permission modes are ordered from strictest to most permissive")
  func order() {
    #expect(
      PermissionMode.allCases.sorted() == [.plan, .manual, .dontAsk, .acceptEdits, .auto, .bypassPermissions])
  }

  @Test("every mode is found by its flag's name", arguments: PermissionMode.allCases)
  func names(mode: PermissionMode) {
    #expect(PermissionMode(name: mode.name) == mode)
  }

  @Test(
    "the name default means manual; unknown names are rejected",
    arguments: [("default", .manual), ("Plan", nil), ("", nil), ("ask", nil), ("bypass", nil)]
      as [(String, PermissionMode?)])
  func otherNames(name: String, mode: PermissionMode?) {
    #expect(PermissionMode(name: name) == mode)
  }
}
