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

  /// How many functions a request may offer.
  package static let maximumCount = 128
  /// How long a function's name may be.
  package static let maximumNameLength = 64

  /// - Throws: `RequestError` 400 for too many functions, or two with one name.
  package init(_ functions: [FunctionDeclaration], choice: Choice, areParallel: Bool) throws {
    try ChatTools.check(functions)
    self.functions = functions
    self.choice = choice
    self.areParallel = areParallel
  }

  private static func check(_ functions: [FunctionDeclaration]) throws {
    guard functions.count <= maximumCount else {
      throw RequestError.invalid("tools: at most \(maximumCount) are allowed", param: "tools")
    }
    let names = functions.map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw RequestError.invalid("tools: duplicate function name: \(twice)", param: "tools")
    }
    guard functions.reduce(0, { $0 + $1.size }) <= RequestLimits.declarations else {
      throw RequestError.invalid(
        "tools: all functions together are larger than \(RequestLimits.declarations) bytes", param: "tools",
        code: "tools_too_large")
    }
  }
}
