/// The directives in force, with their values.
struct Directives {
  private var values: [Directive: String] = [:]

  init() {}

  /// - Throws: for an unknown name and for a value that is no number where one is due.
  init(parsing text: String) throws(LaunchFailure) {
    for word in text.split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let directive = Directive(rawValue: parts[0]) else {
        throw LaunchFailure("error: unknown directive '\(parts[0])'", status: 64)
      }
      values[directive] = try Directives.value(of: directive, parts.count > 1 ? parts[1] : nil)
    }
  }

  func has(_ directive: Directive) -> Bool { values[directive] != nil }

  /// The number given, or nil if the directive is absent.
  subscript(directive: Directive) -> Int? { values[directive].flatMap { Int($0) } }

  func word(_ directive: Directive) -> String? { values[directive] }

  /// These, and of the defaults those they do not replace.
  func overriding(_ defaults: Directives) -> Directives {
    var merged = self
    let hasAnswer = values.keys.contains(where: \.isAnswer)
    for (directive, value) in defaults.values where values[directive] == nil && !(hasAnswer && directive.isAnswer) {
      merged.values[directive] = value
    }
    merged.values = merged.values.filter { $0.value != Directives.off }
    return merged
  }

  private static let off = "off"

  private static func value(of directive: Directive, _ given: String?) throws(LaunchFailure) -> String {
    if given == off { return off }
    switch (directive.value, given) {
    case (.flag, nil): return ""
    case (.number(_, .some(let number)), nil): return String(number)
    case (.number, .some(let text)) where Int(text).map { $0 >= 0 } == true: return text
    case (.word, .some(let text)) where !text.isEmpty: return text
    default: throw LaunchFailure("error: bad value for directive '\(directive.rawValue)'", status: 64)
    }
  }
}
