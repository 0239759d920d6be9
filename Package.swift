// swift-tools-version: 6.2

import PackageDescription

/// One strictness for every target: Swift 6 mode, warnings are errors, and every use of unsafe code is marked.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Functions that return a Span into their argument need their lifetime spelled out.
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A library of the product. It may depend only on libraries above it in `targets`.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A library for test targets; it is in no product.
func support(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "claude-code-server",
  products: [
    .executable(name: "claude-code-server", targets: ["claude-code-server"]),
    .executable(name: "claude-simulator", targets: ["claude-simulator"]),
    .executable(name: "anthropic-stub", targets: ["anthropic-stub"]),
  ],
  targets: [
    // 0
    .systemLibrary(name: "CLinux"),
    library("Bytes"),
    library("Crypto"),
    // The directives of claude-simulator and anthropic-stub; the server does not depend on it.
    library("Directives"),
    // 1
    library("Telemetry", ["Bytes"]),
    library("System", ["CLinux"]),
    // 2
    library("EventLoop", ["System", "CLinux", "Bytes"]),
    library("HTTP", ["Bytes"]),
    // 3
    library("HTTPServer", ["EventLoop", "System", "HTTP", "Telemetry", "Bytes"]),
    library("Storage", ["System", "Bytes"]),
    // 4
    library("ClaudeCode", ["Storage", "EventLoop", "System", "Telemetry", "Crypto", "Bytes"]),
    library("Identity", ["Crypto", "Bytes"]),
    library("Workspaces", ["System", "Crypto", "Bytes"]),
    // 5
    library("Turns", ["ClaudeCode", "Identity", "Workspaces", "EventLoop", "System", "Telemetry", "Crypto", "Bytes"]),
    // 6
    library(
      "API",
      [
        "Turns", "HTTPServer", "HTTP", "ClaudeCode", "Identity", "Workspaces", "EventLoop", "System", "Telemetry",
        "Bytes",
      ]),
    // 7
    library(
      "App",
      [
        "API", "Turns", "ClaudeCode", "Identity", "Workspaces", "Storage", "HTTPServer", "HTTP", "EventLoop",
        "System", "Telemetry", "Bytes",
      ]),
    // 8
    executable("claude-code-server", ["App"]),
    executable("claude-simulator", ["Directives", "Bytes"]),
    executable("anthropic-stub", ["Directives", "HTTPServer", "HTTP", "EventLoop", "System", "Telemetry", "Bytes"]),
    executable("bench", ["API", "Turns", "ClaudeCode", "EventLoop", "System", "Bytes", "CLinux"]),
    executable("fuzz", ["App", "API", "Turns", "ClaudeCode", "HTTP", "Bytes"]),

    // What several test targets need: harnesses, stand-ins, and the contracts of protocols with several implementations.
    support("TestSupport", ["EventLoop", "System", "Bytes"]),
    support(
      "HTTPServerTestSupport", ["TestSupport", "HTTPServer", "HTTP", "EventLoop", "System", "Telemetry", "Bytes"]),
    support("StorageTestSupport", ["TestSupport", "Storage", "EventLoop", "Bytes"]),
    support("ClaudeCodeTestSupport", ["TestSupport", "ClaudeCode", "EventLoop", "Telemetry", "Bytes"]),
    support(
      "TurnsTestSupport",
      [
        "TestSupport", "ClaudeCodeTestSupport", "Turns", "ClaudeCode", "Identity", "Workspaces", "EventLoop",
        "Telemetry", "Bytes",
      ]),
    tests("ArchitectureTests", []),
    tests("BytesTests", ["TestSupport", "Bytes"]),
    tests("CryptoTests", ["Crypto"]),
    tests("DirectivesTests", ["Directives"]),
    tests("BenchTests", ["bench"]),
    tests("TelemetryTests", ["Telemetry", "Bytes"]),
    tests("HTTPTests", ["HTTP", "Bytes"]),
    tests("SystemTests", ["TestSupport", "EventLoop", "System", "CLinux", "Bytes"]),
    tests("EventLoopTests", ["TestSupport", "EventLoop", "System", "CLinux", "Bytes"]),
    tests(
      "HTTPServerTests",
      [
        "TestSupport", "HTTPServerTestSupport", "HTTPServer", "EventLoop", "System", "HTTP", "Telemetry", "Bytes",
        "CLinux",
      ]),
    tests("IdentityTests", ["Identity"]),
    tests("StorageTests", ["TestSupport", "StorageTestSupport", "Storage", "EventLoop", "System", "Bytes"]),
    tests("WorkspacesTests", ["TestSupport", "Workspaces", "EventLoop", "System", "Bytes"]),
    tests(
      "ClaudeCodeTests",
      [
        "TestSupport", "StorageTestSupport", "ClaudeCodeTestSupport", "ClaudeCode", "Storage", "EventLoop", "System",
        "Telemetry", "Bytes",
      ]),
    tests(
      "TurnsTests",
      [
        "TestSupport", "ClaudeCodeTestSupport", "TurnsTestSupport", "Turns", "ClaudeCode", "Identity", "Workspaces",
        "Storage", "EventLoop", "System", "Telemetry", "Bytes",
      ]),
    tests(
      "APITests",
      [
        "TestSupport", "HTTPServerTestSupport", "StorageTestSupport", "ClaudeCodeTestSupport", "TurnsTestSupport",
        "API",
        "Turns", "HTTPServer", "HTTP", "ClaudeCode", "Identity", "Workspaces", "Storage", "EventLoop", "System",
        "Telemetry", "Bytes",
      ]),
    // libcurl's headers are needed for the tests only: `make tools` installs them.
    .systemLibrary(name: "CCurl", path: "Tests/CCurl"),
    tests("IntegrationTests", ["TestSupport", "CCurl", "CLinux", "EventLoop", "System", "Bytes"]),
    tests(
      "AppTests",
      [
        "TestSupport", "HTTPServerTestSupport", "StorageTestSupport", "App", "HTTPServer", "HTTP", "Storage", "System",
        "EventLoop", "Turns", "ClaudeCode", "Identity", "Telemetry", "Workspaces", "Bytes",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
