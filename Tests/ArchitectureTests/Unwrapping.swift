/// A place in the code that traps on nil or on an error.
enum Unwrapping: String {
  case forceUnwrap = "force unwrap"
  case implicit = "implicitly unwrapped type"
  case forcedTry = "try!"
  case forcedCast = "as!"

  /// The unwrappings in `tokens`, each with its line.
  static func all(in tokens: [SwiftToken]) -> [(kind: Unwrapping, line: Int)] {
    tokens.indices.dropFirst().compactMap { index in
      kind(at: index, in: tokens).map { (kind: $0, line: tokens[index].line) }
    }
  }

  private static func kind(at index: Int, in tokens: [SwiftToken]) -> Unwrapping? {
    let (mark, before) = (tokens[index], tokens[index - 1])
    guard mark.isMark("!"), !mark.isDetached else { return nil }
    // `a!=b` is a comparison: the operator is as long as possible.
    if index + 1 < tokens.count, tokens[index + 1].isMark("="), !tokens[index + 1].isDetached { return nil }
    if before.isWord(["try"]) { return .forcedTry }
    if before.isWord(["as"]) { return .forcedCast }
    // After an opening bracket, a comma or an operator, `!` is the prefix of what follows.
    guard before.kind != .mark || before.isMark(")]}?!>`") else { return nil }
    return isType(endingAt: index - 1, in: tokens) ? .implicit : .forceUnwrap
  }

  // By the names: types begin with a capital letter. After `[…]` and `(…)` it is a type if nothing is subscripted or called
  // and a type is expected there.
  private static func isType(endingAt end: Int, in tokens: [SwiftToken]) -> Bool {
    let last = tokens[end]
    if last.kind == .word { return last.text.first?.isUppercase == true }
    if last.isMark(">") { return true }
    guard last.isMark(")]"), let start = opening(of: end, in: tokens), start > 0 else { return false }
    let before = tokens[start - 1]
    let isAfterColon = before.isMark(":") || before.isMark(">") && start > 1 && tokens[start - 2].isMark("-")
    guard isAfterColon else { return false }
    return tokens[start...end].allSatisfy { token in token.kind != .string && !token.text.isLowercaseValue }
  }

  private static func opening(of end: Int, in tokens: [SwiftToken]) -> Int? {
    var depth = 0
    for index in stride(from: end, through: 0, by: -1) {
      if tokens[index].isMark(")]}") { depth += 1 }
      if tokens[index].isMark("([{") { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }
}

extension String {
  /// Whether it is a word that no type contains.
  fileprivate var isLowercaseValue: Bool {
    first?.isLowercase == true && !["any", "some", "async", "throws", "inout", "sending", "borrowing"].contains(self)
  }
}
