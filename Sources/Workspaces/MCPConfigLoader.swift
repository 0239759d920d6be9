import Bytes
import Crypto
import Glibc

/// Reads `mcp-config.json`, and writes the parts of it that turns need.
public struct MCPConfigLoader: Sendable {
  public enum LoadError: Error, Sendable, Equatable {
    case unreadable(path: String, reason: String)
    case invalid(path: String, reason: String)
    case unwritable(path: String, reason: String)
  }

  /// The configuration file.
  public let path: String
  /// A private directory for the files that turns get.
  private let scratch: String

  /// - Parameter scratch: created with the first file, with mode 0700. Its parent must exist.
  public init(path: String, scratch: String) {
    self.path = path
    self.scratch = scratch
  }

  /// The configuration; nil if there is no file, which means that MCP is off.
  public func load() throws(LoadError) -> MCPConfiguration? {
    let bytes: [UInt8]
    do {
      guard let contents = try FileContents.read(path) else { return nil }
      bytes = contents
    } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    do {
      let value = try JSONValue(parsing: bytes)
      guard let servers = value["mcpServers"]?.object else {
        throw LoadError.invalid(path: path, reason: "it needs an object \"mcpServers\"")
      }
      for member in servers.members where member.value.object == nil {
        throw LoadError.invalid(path: path, reason: "the server \"\(member.key)\" must be an object")
      }
      return MCPConfiguration(servers: servers)
    } catch let error as JSONSyntaxError {
      throw .invalid(path: path, reason: "\(error.reason) at byte \(error.offset)")
    } catch let error as LoadError {
      throw error
    } catch {
      throw .invalid(path: path, reason: "\(error)")
    }
  }

  /// Writes the servers of `tools` to a file that only this user can read, and returns its path. Turns with the same
  /// servers share a file, which is written once: a CLI may be reading it.
  ///
  /// - Throws: `LoadError.unwritable`.
  public func write(_ configuration: MCPConfiguration, for tools: [String]) throws(LoadError) -> String {
    let contents = configuration.subset(for: tools).encoded
    let digest = SHA256.hash(contents.span).flatMap { [Ascii.hexDigit($0 >> 4), Ascii.hexDigit($0 & 15)] }
    let name = "mcp-\(String(decoding: digest, as: UTF8.self)).json"
    do {
      try FileContents.keep(contents, as: name, in: scratch)
    } catch {
      throw .unwritable(path: "\(scratch)/\(name)", reason: error.reason)
    }
    return "\(scratch)/\(name)"
  }
}
