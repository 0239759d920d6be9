import Testing
import Workspaces

@testable import App

struct EnvironmentExampleTests {
  private static let path =
    #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/.env.example"

  private static func lines() throws -> [Substring] {
    let bytes = try #require(try FileContents.read(path))
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  /// The variables that stand at a line's start, commented out or not.
  private static func named() throws -> [String] {
    try lines().compactMap { line in
      let text = line.hasPrefix("# ") ? line.dropFirst(2) : line
      guard let equals = text.firstIndex(of: "=") else { return nil }
      let name = text[..<equals]
      return name.allSatisfy { $0.isUppercase || $0 == "_" } ? String(name) : nil
    }
  }

  @Test(".env.example has every variable of the code once, and no other")
  func complete() throws {
    #expect(try Self.named().sorted() == SettingName.allCases.map(\.rawValue).sorted())
  }

  @Test(".env.example copied unchanged keeps the defaults")
  func harmless() throws {
    let text = try Self.lines().joined(separator: "\n")
    #expect(try DotEnv.parse(text) == [:])
  }
}
