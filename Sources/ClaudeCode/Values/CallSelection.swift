import Bytes

/// Decides which of the model's calls are the client's to answer: calls of its functions, each once, and no more than a
/// number for each message. The one place where this is decided; the run waits for these calls, and the encoders write
/// them. A value.
public struct CallSelection: Sendable {
  /// A call of one of the client's functions.
  struct Call: Sendable, Equatable {
    let id: String
    /// The function's name, without the prefix of our MCP server.
    let name: String
  }

  enum Verdict: Sendable, Equatable {
    case client(Call)
    /// The client's, but too many for the message.
    case excess(id: String)
    /// The CLI's own, or seen before.
    case ignored
  }

  /// How many calls of one message go to the client.
  private let maximum: Int
  /// The client's functions; nil for any. The CLI itself answers calls of others (2.1.329).
  private let functions: Set<String>?
  private var seen: Set<String> = []
  /// Calls of the message so far that go to the client.
  private(set) var countInMessage = 0

  /// - Parameters:
  ///   - maximum: how many calls of one message go to the client.
  ///   - functions: the client's functions; nil for any.
  public init(maximum: Int = .max, functions: Set<String>? = nil) {
    self.maximum = maximum
    self.functions = functions
  }

  mutating func beginMessage() { countInMessage = 0 }

  /// Takes the next block of the message.
  mutating func select(_ block: JSONValue) -> Verdict {
    guard block["type"]?.string == "tool_use", let id = block["id"]?.string, let tool = block["name"]?.string,
      let name = FunctionDeclaration.function(of: tool), functions?.contains(name) != false,
      seen.insert(id).inserted
    else { return .ignored }
    guard countInMessage < maximum else { return .excess(id: id) }
    countInMessage += 1
    return .client(Call(id: id, name: name))
  }
}
