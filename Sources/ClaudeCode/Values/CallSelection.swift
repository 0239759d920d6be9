import Bytes

/// Decides which of the model's calls the client answers: calls of its functions, each once, and at most a given number
/// in each message. The run waits for these calls and the encoders send them; nothing else decides this. A value.
public struct CallSelection: Sendable {
  /// A call of one of the client's functions.
  struct Call: Sendable, Equatable {
    /// In the server's form; see `CallID`.
    let id: String
    /// The function's name, without the prefix of our MCP server.
    let name: String
    /// How the arguments differ from the client's; nil if they do not.
    var mapping: ValueMapping?
  }

  enum Verdict: Sendable, Equatable {
    case client(Call)
    /// A call of the client's function, beyond the maximum of the message.
    case excess(id: String)
    /// A call of the CLI's own tool, or one that was seen before.
    case ignored
  }

  /// How many calls of one message go to the client.
  private let maximum: Int
  /// The client's functions; nil for any. The CLI itself answers calls of others (2.1.329).
  private let functions: Set<String>?
  private let mappings: [String: ValueMapping]
  private var seen: Set<String> = []
  /// Calls of the current message that go to the client.
  private(set) var countInMessage = 0

  /// - Parameters:
  ///   - maximum: how many calls of one message go to the client.
  ///   - functions: the client's functions; nil for any.
  ///   - mappings: of the functions whose arguments differ from the client's.
  public init(maximum: Int = .max, functions: Set<String>? = nil, mappings: [String: ValueMapping] = [:]) {
    self.maximum = maximum
    self.functions = functions
    self.mappings = mappings
  }

  mutating func beginMessage() { countInMessage = 0 }

  /// Takes the next block of the message.
  mutating func select(_ block: JSONValue) -> Verdict {
    guard block["type"]?.string == "tool_use", let id = block["id"]?.string, let tool = block["name"]?.string,
      let name = FunctionDeclaration.function(of: tool), functions?.contains(name) != false,
      seen.insert(id).inserted
    else { return .ignored }
    guard countInMessage < maximum else { return .excess(id: CallID.issued(id)) }
    countInMessage += 1
    return .client(Call(id: CallID.issued(id), name: name, mapping: mappings[name]))
  }
}
