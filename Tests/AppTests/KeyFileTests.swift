import TestSupport
import Testing

@testable import App

struct KeyFileTests {
  private let directory = TemporaryDirectory()

  private func warning(_ file: String, base: String) -> String? {
    KeyFile(path: "\(directory.path)/\(file)", variables: ["API_KEY": "k"])?
      .warning(workspaces: "\(directory.path)/\(base)")
  }

  @Test("only a file with plain keys is checked")
  func keys() {
    for name in ["API_KEY", "API_KEYS", "ADMIN_API_KEYS"] {
      #expect(KeyFile(path: "f", variables: [name: "k"]) != nil)
      #expect(KeyFile(path: "f", variables: [name: ""]) == nil)
    }
    #expect(KeyFile(path: "f", variables: ["API_KEY_HASHES": "d", "ADMIN_API_KEY_HASHES": "d", "PORT": "1"]) == nil)
  }

  @Test(
    "a key file beside or above the workspaces' base is exposed",
    arguments: [
      ("base/.env", "base", true), ("base/deep/.env", "base", true), (".env", "base", true),
      ("other/.env", "base", false), ("base/.env", "base/deep/none", true), ("other/.env", "none", false),
      ("based/.env", "base", false),
    ])
  func place(file: String, base: String, isExposed: Bool) throws {
    for name in ["base", "base/deep", "other", "based"] { try directory.makeDirectory(name) }
    directory.write("API_KEY=k", to: file)
    let warning = warning(file, base: base)
    guard isExposed else {
      #expect(warning == nil)
      return
    }
    let text = try #require(warning)
    #expect(text.hasPrefix("\(directory.path)/\(file) holds API keys, and every tool that runs in a workspace can"))
    #expect(text.contains("API_KEY_HASHES") && text.contains("claude-code-server key --hash"))
  }

  @Test("links are resolved")
  func links() throws {
    for name in ["base", "other"] { try directory.makeDirectory(name) }
    directory.write("", to: "base/.env")
    try directory.makeLink("other/env", to: "\(directory.path)/base/.env")
    try directory.makeLink("alias", to: "\(directory.path)/base")
    #expect(warning("other/env", base: "base") != nil)
    #expect(warning("base/.env", base: "alias") != nil)
  }

  @Test("a file readable by others is reported wherever it is", arguments: [0o640, 0o644, 0o604] as [UInt32])
  func others(mode: UInt32) throws {
    for name in ["base", "other"] { try directory.makeDirectory(name) }
    directory.write("", to: "other/.env", mode: mode)
    let text = warning("other/.env", base: "base")
    #expect((text != nil) == (mode != 0o640))
    #expect(text?.contains("everybody on this machine can read it") != false)
  }

  @Test("a missing file is not reported")
  func missing() {
    #expect(warning("none", base: "base") == nil)
  }

  @Test("the root directory is above every path")
  func root() {
    #expect(KeyFile.isBeside("/", "/srv") && KeyFile.isBeside("/etc", "/") && KeyFile.isBeside("/", "/"))
    #expect(!KeyFile.isBeside("/etc", "/etcetera") && !KeyFile.isBeside("/etcetera", "/etc"))
  }
}
