/// What the architecture tests need to know about the declarations in a file.
struct Declarations {
  /// The types at the top level of the file that other files can use.
  private(set) var types: Set<String> = []
  /// The types inside of other types, and the private ones.
  private(set) var hiddenTypes: Set<String> = []
  /// The functions, initializers and computed properties, with the number of lines between their braces.
  private(set) var functions: [(name: String, lines: Int)] = []

  private static let typeKeywords: Set = ["struct", "class", "enum", "protocol", "actor", "typealias"]
  private static let declarationKeywords: Set = [
    "func", "var", "let", "init", "deinit", "subscript", "static", "mutating", "nonmutating", "associatedtype",
    "typealias", "struct", "enum", "class", "protocol", "extension", "case", "public", "private", "internal", "package",
    "fileprivate",
  ]
  private static let modifiers: Set = [
    "public", "private", "internal", "package", "fileprivate", "open", "final", "indirect", "nonisolated", "safe",
    "unsafe", "unchecked", "main", "frozen", "Reactor",
  ]

  init(_ tokens: [SwiftToken]) {
    let source = Source(tokens: tokens)
    var depth = 0
    for index in tokens.indices {
      if tokens[index].isMark("{") { depth += 1 }
      if tokens[index].isMark("}") { depth -= 1 }
      if let name = source.typeName(at: index) {
        if depth == 0 && !source.isPrivate(at: index) { types.insert(name) } else { hiddenTypes.insert(name) }
      }
      if let name = source.functionName(at: index), let lines = source.bodyLines(at: index) {
        functions.append((name, lines))
      }
    }
  }

  /// The tokens, and what begins at each of them.
  private struct Source {
    let tokens: [SwiftToken]

    func typeName(at index: Int) -> String? {
      guard tokens[index].isWord(typeKeywords), index + 1 < tokens.count, tokens[index + 1].kind == .word,
        !isMember(index), !tokens[index + 1].isWord(["func", "var", "let", "subscript"]),
        index == 0 || !tokens[index - 1].isWord(["import"])
      else { return nil }
      return tokens[index + 1].text
    }

    func isPrivate(at index: Int) -> Bool {
      for token in tokens[..<index].reversed() {
        if token.isWord(["private", "fileprivate"]) { return true }
        guard token.isWord(modifiers) || token.isMark("@") else { return false }
      }
      return false
    }

    func functionName(at index: Int) -> String? {
      guard index + 1 < tokens.count, !isMember(index) else { return nil }
      let (token, next) = (tokens[index], tokens[index + 1])
      if token.isWord(["func"]) { return next.kind == .word ? next.text : operatorName(at: index + 1) }
      if token.isWord(["init"]) { return next.isMark("(<?!") ? "init" : nil }
      if token.isWord(["subscript"]) { return next.isMark("(<") ? "subscript" : nil }
      if token.isWord(["deinit"]) { return "deinit" }
      guard token.isWord(["var"]), index + 2 < tokens.count, tokens[index + 2].isMark(":") else { return nil }
      return next.text
    }

    /// The lines between the braces of the body; nil for a requirement of a protocol and for a stored property.
    func bodyLines(at index: Int) -> Int? {
      let isVariable = tokens[index].isWord(["var"])
      // An operator's name may contain any mark but a parenthesis.
      var next = isVariable ? index + 1 : tokens[index...].firstIndex { $0.isMark("({") } ?? tokens.count
      while next < tokens.count {
        let token = tokens[next]
        if token.isMark("{") {
          guard let end = closing(of: next) else { return nil }
          return max(tokens[end].line - token.line - 1, 1)
        }
        if token.isMark("}") || isVariable && token.isMark("=") || next > index + 1 && token.isWord(declarationKeywords)
        {
          return nil
        }
        next = token.isMark("([") ? (closing(of: next) ?? tokens.count) + 1 : next + 1
      }
      return nil
    }

    private func operatorName(at index: Int) -> String {
      tokens[index...].prefix { $0.kind == .mark && $0.text != "(" }.map(\.text).joined()
    }

    private func isMember(_ index: Int) -> Bool { index > 0 && tokens[index - 1].isMark(".`") }

    private func closing(of start: Int) -> Int? {
      var depth = 0
      for index in start..<tokens.count {
        if tokens[index].isMark("([{") { depth += 1 }
        if tokens[index].isMark(")]}") { depth -= 1 }
        if depth == 0 { return index }
      }
      return nil
    }
  }
}
