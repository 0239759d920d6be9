import Bytes
import System
import TestSupport
import Testing

@testable import Workspaces

struct MCPConfigLoaderTests {
  private let directory = TemporaryDirectory()

  private var loader: MCPConfigLoader {
    MCPConfigLoader(path: "\(directory.path)/mcp-config.json", scratch: "\(directory.path)/scratch")
  }

  @Test("without a file MCP is disabled")
  func missing() throws {
    #expect(try loader.load() == nil)
  }

  @Test("servers are read unchanged, in order")
  func loading() throws {
    directory.write(
      #"{"comment":1,"mcpServers":{"b":{"command":"x","args":["-y",1.50]},"a":{"type":"http"}}}"#, to: "mcp-config.json"
    )
    let configuration = try #require(try loader.load())
    #expect(
      JSONValue.object(configuration.servers).text
        == #"{"b":{"command":"x","args":["-y",1.50]},"a":{"type":"http"}}"#)
  }

  @Test(
    "an invalid file is rejected with its reason",
    arguments: [
      ("", "expected a value at byte 0"), ("{", "expected a string at byte 1"),
      ("{\"mcpServers\":{}} x", "something follows the document at byte 18"),
      ("[]", "it needs an object \"mcpServers\""), ("{}", "it needs an object \"mcpServers\""),
      ("null", "it needs an object \"mcpServers\""), (#"{"mcpServers":[]}"#, "it needs an object \"mcpServers\""),
      (#"{"mcpServers":{"a":{},"b":"npx"}}"#, "the server \"b\" must be an object"),
      (#"{"mcpServers":{"a":null}}"#, "the server \"a\" must be an object"),
    ])
  func broken(contents: String, reason: String) throws {
    directory.write(contents, to: "mcp-config.json")
    let error = MCPConfigLoader.LoadError.invalid(path: loader.path, reason: reason)
    #expect(throws: error) { try loader.load() }
  }

  @Test("a directory in place of the file cannot be read")
  func unreadable() throws {
    try directory.makeDirectory("mcp-config.json")
    let error = MCPConfigLoader.LoadError.unreadable(path: loader.path, reason: "Is a directory")
    #expect(throws: error) { try loader.load() }
  }

  @Test("a run's configuration is written to a private file")
  func writing() throws {
    let configuration = MCPConfiguration(servers: ["a": ["command": "x"], "b": ["command": "y"]])
    let path = try loader.write(configuration, for: ["mcp__b__tool"])
    #expect(try FileContents.read(path) == Array(#"{"mcpServers":{"b":{"command":"y"}}}"#.utf8))
    #expect(FileStatus(path) == FileStatus(.file, 0o600))
    #expect(FileStatus("\(directory.path)/scratch") == FileStatus(.directory, 0o700))
  }

  @Test("equal sets of servers share a file")
  func sharing() throws {
    let configuration = MCPConfiguration(servers: ["a": ["command": "x"], "b": ["command": "y"]])
    let first = try loader.write(configuration, for: ["mcp__a__one"])
    #expect(try loader.write(configuration, for: ["mcp__a__two", "mcp__a"]) == first)
    #expect(try loader.write(configuration, for: ["mcp__b"]) != first)
    #expect(try loader.write(MCPConfiguration(servers: ["a": ["command": "z"]]), for: ["mcp__a"]) != first)
  }

  @Test("a scratch directory writable by others is refused", arguments: [0o777, 0o750, 0o701] as [UInt32])
  func foreignScratch(mode: UInt32) throws {
    try directory.makeDirectory("scratch", mode: mode)
    let configuration = MCPConfiguration(servers: ["a": [:]])
    #expect(throws: MCPConfigLoader.LoadError.self) { try loader.write(configuration, for: ["mcp__a"]) }
  }

  @Test("a link in place of the scratch directory is refused")
  func linkedScratch() throws {
    try directory.makeDirectory("elsewhere", mode: 0o700)
    try directory.makeLink("scratch", to: "\(directory.path)/elsewhere")
    let configuration = MCPConfiguration(servers: ["a": [:]])
    #expect(throws: MCPConfigLoader.LoadError.self) { try loader.write(configuration, for: ["mcp__a"]) }
  }

  @Test("a link in place of the file is replaced, not followed")
  func linkedFile() throws {
    let configuration = MCPConfiguration(servers: ["a": [:]])
    let path = try loader.write(configuration, for: ["mcp__a"])
    let written = try FileContents.read(path)
    let name = try #require(path.split(separator: "/").last)
    directory.write("mine", to: "victim")
    for link in ["\(name)", "\(name).new"] {
      directory.rename("scratch/\(name)", to: "moved")
      try directory.makeLink("scratch/\(link)", to: "\(directory.path)/victim")
      #expect(try loader.write(configuration, for: ["mcp__a"]) == path)
      #expect(FileStatus(path) == FileStatus(.file, 0o600))
      #expect(try FileContents.read(path) == written)
    }
    #expect(try FileContents.read("\(directory.path)/victim") == Array("mine".utf8))
    #expect(FileStatus("\(path).new") == nil)
  }

  @Test("an existing file is not rewritten")
  func reuse() throws {
    let configuration = MCPConfiguration(servers: ["a": ["command": "x"]])
    let path = try loader.write(configuration, for: ["mcp__a"])
    let first = try #require(FileVersion.of(path))
    for _ in 0..<3 { #expect(try loader.write(configuration, for: ["mcp__a"]) == path) }
    #expect(FileVersion.of(path) == first)
    // Somebody has changed it: a new file takes its place, and who has the old one open keeps it.
    let name = try #require(path.split(separator: "/").last)
    directory.write("{}", to: "scratch/\(name)")
    let changed = try #require(FileVersion.of(path))
    #expect(try loader.write(configuration, for: ["mcp__a"]) == path)
    #expect(FileVersion.of(path) != changed)
    #expect(try FileContents.read(path) == Array(#"{"mcpServers":{"a":{"command":"x"}}}"#.utf8))
  }

  @Test("a failed write is an error with path and reason")
  func unwritable() throws {
    let loader = MCPConfigLoader(path: "", scratch: "\(directory.path)/none/mcp")
    let error = #expect(throws: MCPConfigLoader.LoadError.self) {
      try loader.write(MCPConfiguration(servers: ["a": [:]]), for: ["mcp__a"])
    }
    guard case .unwritable(let path, "No such file or directory") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasPrefix("\(directory.path)/none/mcp/mcp-"))
    // All of the digest, two digits for each byte.
    #expect(path.hasSuffix(".json") && path.utf8.count == "\(directory.path)/none/mcp/mcp-.json".utf8.count + 64)
  }
}
