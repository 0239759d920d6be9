/// Directives with their values.
public struct Directives<Name: DirectiveName>: Sendable, Equatable {
  private var values: [Name: String] = [:]

  /// No directives.
  public init() {}

  /// Parses `name name=value …`. The last of several values for one name wins.
  ///
  /// - Parameter removal: a value that every directive takes, and that removes the default; see `removing`.
  /// - Throws: for an unknown name, and for a value that does not fit the directive's parameter.
  public init(parsing text: some StringProtocol, removal: String? = nil) throws(DirectiveError) {
    for word in text.split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      guard let name = Name(rawValue: parts[0]) else { throw .unknown(parts[0]) }
      let value = parts.count > 1 ? parts[1] : nil
      values[name] = try value != nil && value == removal ? value : name.value(value)
    }
  }

  /// The directives that are given.
  public var names: [Name] { Array(values.keys) }

  public func has(_ name: Name) -> Bool { values[name] != nil }

  /// The number of a directive, or nil if the directive is absent.
  public subscript(name: Name) -> Int? { values[name].flatMap { Int($0) } }

  /// The value of a directive as text, or nil if the directive is absent.
  public func word(_ name: Name) -> String? { values[name] }

  /// Adds those of `defaults` that are not given and that `isWanted` accepts.
  public func merging(_ defaults: Directives, where isWanted: (Name) -> Bool) -> Directives {
    var merged = self
    for (name, value) in defaults.values where values[name] == nil && isWanted(name) { merged.values[name] = value }
    return merged
  }

  /// Drops the directives whose value is `removal`.
  public func removing(_ removal: String) -> Directives {
    var rest = self
    rest.values = values.filter { $0.value != removal }
    return rest
  }
}

/// Why a line of directives was refused.
public enum DirectiveError: Error, Equatable, CustomStringConvertible {
  case unknown(String)
  case badValue(of: String)

  public var description: String {
    switch self {
    case .unknown(let name): "unknown directive '\(name)'"
    case .badValue(let name): "bad value for directive '\(name)'"
    }
  }
}

extension DirectiveName {
  fileprivate func value(_ given: String?) throws(DirectiveError) -> String {
    switch (parameter, given) {
    case (.flag, nil): return ""
    case (.number(_, default: .some(let number)), nil): return String(number)
    case (.number, .some(let text)) where Int(text).map { $0 >= 0 } == true: return text
    case (.word, .some(let text)) where !text.isEmpty: return text
    default: throw .badValue(of: rawValue)
    }
  }
}
