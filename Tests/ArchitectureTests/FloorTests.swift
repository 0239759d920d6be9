import Testing

/// Holds the map of the README against the imports.
struct FloorTests {
  private static let floors: [String: Int] = [
    "Bytes": 0, "Crypto": 0, "CLinux": 0, "Telemetry": 1, "EventLoop": 2, "HTTP": 2, "HTTPServer": 3, "ClaudeCode": 4,
    "Identity": 4, "Workspaces": 4, "API": 5, "App": 6, "claude-code-server": 7, "claude-simulator": 7,
    "anthropic-stub": 7, "bench": 7,
  ]

  @Test("every target has its floor")
  func complete() throws {
    #expect(try Set(SourceTree.targets()) == Set(Self.floors.keys))
  }

  @Test("imports only point down, never sideways", arguments: floors.keys.sorted())
  func downwards(target: String) throws {
    let floor = try #require(Self.floors[target])
    for file in try SourceTree.files(of: target) {
      for imported in file.imports {
        guard let below = Self.floors[imported] else { continue }
        #expect(below < floor, "\(file.path) imports \(imported)")
      }
    }
  }

  @Test("only modules of the toolchain come from outside")
  func outside() throws {
    let allowed: Set = ["Glibc", "Synchronization", "PackageDescription"]
    for target in Self.floors.keys {
      for file in try SourceTree.files(of: target) {
        let foreign = file.imports.filter { Self.floors[$0] == nil && !allowed.contains($0) }
        #expect(foreign == [], "\(file.path)")
      }
    }
  }

  @Test("the protocol cores know neither async nor the loop", arguments: ["Bytes", "Crypto", "HTTP", "Telemetry"])
  func cores(target: String) throws {
    for file in try SourceTree.files(of: target) {
      #expect(!file.code.contains(" async "), "\(file.path)")
      #expect(!file.code.contains("await "), "\(file.path)")
    }
  }

  @Test("the CLI's side knows nothing of HTTP")
  func apart() throws {
    for file in try SourceTree.files(of: "ClaudeCode") {
      #expect(!file.imports.contains { $0.hasPrefix("HTTP") }, "\(file.path)")
    }
  }

  @Test(
    "nothing below App reads the environment, the wall clock or randomness",
    arguments: ["Bytes", "Crypto", "Telemetry", "HTTP", "HTTPServer", "ClaudeCode", "Identity", "Workspaces", "API"])
  func values(target: String) throws {
    let names = [
      "getenv", "environ", "clock_gettime", "gettimeofday", "time(nil)", "SystemRandomNumberGenerator", "arc4random",
      "getrandom", ".random(in:", "ProcessControl.",
    ]
    for file in try SourceTree.files(of: target) {
      for name in names where name != "environ" {
        #expect(!file.code.contains(name), "\(file.path): \(name)")
      }
    }
  }

  @Test("escapes from the compiler's checks are not used")
  func escapes() throws {
    // Spelled in two parts, or this file would be its own finding.
    let names = ["@unchecked " + "Sendable", "nonisolated" + "(unsafe)", "try" + "!", " as" + "! "]
    for target in Self.floors.keys {
      for file in try SourceTree.files(of: target) {
        for name in names { #expect(!file.code.contains(name), "\(file.path): \(name)") }
      }
    }
  }
}
