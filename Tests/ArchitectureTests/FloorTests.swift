import Testing

/// The floors of the package, checked in the sources: dependencies only point down, never sideways.
struct FloorTests {
  private static let floors = [
    "Bytes": 0, "Crypto": 0, "CLinux": 0, "Directives": 0, "Telemetry": 1, "System": 1, "EventLoop": 2, "HTTP": 2,
    "HTTPServer": 3, "Storage": 3,
    "ClaudeCode": 4,
    "Identity": 4, "Workspaces": 4, "Turns": 5, "API": 6, "App": 7, "claude-code-server": 8, "claude-simulator": 8,
    "anthropic-stub": 8, "bench": 8, "fuzz": 8,
  ]

  private static let libraries = floors.filter { $0.value < 8 && $0.key != "CLinux" }.keys.sorted()

  @Test("every target has its floor")
  func known() throws {
    let targets = Set(try SourceFile.all.map(\.target)).union(["CLinux"])
    #expect(targets.isSubset(of: Self.floors.keys))
    #expect(targets.isSuperset(of: Self.libraries))
  }

  @Test("a target imports only what lies below it", arguments: floors.keys.sorted())
  func imports(target: String) throws {
    let floor = try #require(Self.floors[target])
    for file in try SourceFile.all where file.target == target {
      for module in file.imports {
        guard let other = Self.floors[module] else {
          #expect(["Dispatch", "Glibc", "Synchronization"].contains(module), "\(file.path) imports \(module)")
          continue
        }
        #expect(other < floor, "\(file.path) imports \(module), which is no lower")
      }
    }
  }

  @Test("the manifest allows only what lies below")
  func manifest() throws {
    let declared = try Manifest.dependencies()
    #expect(Set(declared.keys).isSuperset(of: Self.libraries))
    for (target, dependencies) in declared {
      guard let floor = Self.floors[target] else { continue }
      for dependency in dependencies {
        let other = try #require(Self.floors[dependency], "\(dependency) has no floor")
        #expect(other < floor, "\(target) depends on \(dependency)")
      }
    }
  }

  @Test("HTTP, and what runs turns, know nothing of each other")
  func strangers() throws {
    for file in try SourceFile.all(in: ["ClaudeCode", "Turns"]) {
      #expect(file.imports.isDisjoint(with: ["HTTP", "HTTPServer"]), "\(file.path)")
    }
    for file in try SourceFile.all(in: ["HTTP", "HTTPServer"]) {
      #expect(file.imports.isDisjoint(with: ["ClaudeCode", "Turns"]), "\(file.path)")
    }
  }

  @Test("test instruments never reach the server's binary")
  func instruments() throws {
    let declared = try Manifest.dependencies()
    for target in Self.libraries + ["claude-code-server"] {
      let dependencies = declared[target] ?? []
      let instruments: Set = ["TestSupport", "Directives", "claude-simulator", "anthropic-stub", "bench", "fuzz"]
      #expect(dependencies.isDisjoint(with: instruments), "\(target)")
    }
  }

  @Test("protocol cores have no async and know no threads", arguments: ["Bytes", "HTTP", "Crypto"])
  func synchronous(target: String) throws {
    for file in try SourceFile.all(in: [target]) {
      for word in ["async", "await", "Task", "actor", "DispatchQueue", "pthread_create"] {
        #expect(!file.words.contains(word), "\(file.path) uses \(word)")
      }
    }
  }

  // System and EventLoop offer time, environment and randomness; below App they arrive as values.
  @Test("below App nothing reads the environment, the clock or randomness")
  func inputs() throws {
    for file in try SourceFile.all {
      guard let floor = Self.floors[file.target], floor < 7, !Self.sources.contains(file.target) else { continue }
      for word in [
        "getenv", "secure_getenv", "environ", "clock_gettime", "gettimeofday", "SystemRandomNumberGenerator",
        "ProcessControl", "arc4random", "getrandom", "CommandLine",
      ] {
        #expect(!file.words.contains(word), "\(file.path) uses \(word)")
      }
      for phrase in ["ContinuousClock.now", "SuspendingClock", "ContinuousClock()", ".random(in:", ".shuffled()"] {
        #expect(!file.code.contains(phrase), "\(file.path) uses \(phrase)")
      }
    }
  }

  private static let sources: Set = ["System", "EventLoop"]

  @Test("only ProcessControl reads the environment and the wall clock")
  func processControl() throws {
    for file in try SourceFile.all(in: Self.sources) where !file.code.contains("enum ProcessControl") {
      for word in ["getenv", "environ", "clock_gettime", "SystemRandomNumberGenerator", "CommandLine"] {
        #expect(!file.words.contains(word), "\(file.path) uses \(word)")
      }
    }
  }

  @Test("no sleeping, no printing and no fatalError in the libraries")
  func habits() throws {
    for file in try SourceFile.all(in: Set(Self.libraries)) {
      for word in ["sleep", "usleep", "nanosleep", "print", "NSLog", "fatalError"] {
        #expect(!file.words.contains(word), "\(file.path) uses \(word)")
      }
    }
  }

  @Test("the test itself sees what it looks for")
  func control() {
    let file = SourceFile(
      path: "/x/Sources/Bytes/A.swift", target: "Bytes",
      text: """
        public import HTTP // async
        @testable import App
        import struct Glibc.stat
        /// await nothing
        let text = "getenv" /* Task */
        func f() async { getenv("X") }
        """)
    #expect(file.imports == ["HTTP", "App", "Glibc"])
    #expect(file.words.isSuperset(of: ["async", "getenv", "func"]))
    #expect(file.words.isDisjoint(with: ["await", "Task", "nothing"]))
    let quoted = SourceFile(path: "", target: "", text: "let a = \"x // y\"; let b = \"getenv\\\"await\"; async")
    #expect(quoted.words == ["let", "a", "b", "async"])
  }
}
