import Bytes
package import ClaudeCode

/// The functions that a request offers, and which of them the model has to call.
package struct ChatTools: Sendable, Equatable {
  package enum Choice: Sendable, Equatable {
    /// The model decides.
    case auto
    /// No calls, though the functions are offered.
    case none
    /// One of these.
    case required([FunctionDeclaration])
  }

  package let functions: [FunctionDeclaration]
  package let choice: Choice
  /// Whether one message may have several calls.
  package let areParallel: Bool
  package var extras = ToolExtras()

  /// Limits of a dialect.
  package struct Bounds: Sendable {
    /// How many functions a request may offer.
    package let count: Int
    /// How long a function's name may be.
    package let nameLength: Int

    /// OpenAI's.
    package static let openAI = Bounds(count: 128, nameLength: 64)
    /// Anthropic's own limit of 128 characters includes the prefix that the CLI puts before a name. There is no limit
    /// for the number of tools; this one bounds the work.
    package static let anthropic = Bounds(count: 1000, nameLength: UpstreamName.function.maximumLength)
  }

  /// - Throws: `RequestError` 400 for too many functions, two with one name, or a forced call whose arguments the CLI
  ///   cannot validate.
  package init(
    _ functions: [FunctionDeclaration], choice: Choice, areParallel: Bool, within bounds: Bounds = .openAI
  ) throws {
    try ChatTools.check(functions, bounds)
    self.functions = functions
    self.choice = try choice.validated
    self.areParallel = areParallel
  }

  private static func check(_ functions: [FunctionDeclaration], _ bounds: Bounds) throws {
    guard functions.count <= bounds.count else {
      throw RequestError.invalid("tools: at most \(bounds.count) are allowed", param: "tools")
    }
    var seen: Set<String> = []
    if let twice = functions.first(where: { !seen.insert($0.name).inserted }) {
      throw RequestError.invalid("tools: duplicate function name: \(twice.name)", param: "tools")
    }
    guard functions.reduce(0, { $0 + $1.size }) <= RequestLimits.declarations else {
      throw RequestError.invalid(
        "tools: all functions together are larger than \(RequestLimits.declarations) bytes", param: "tools",
        code: "tools_too_large")
    }
  }
}

extension ChatTools.Choice {
  /// The choice with functions whose call can be an answer.
  fileprivate var validated: ChatTools.Choice {
    get throws {
      guard case .required(let functions) = self else { return self }
      return .required(try AdaptedSchema.answers(functions))
    }
  }
}
