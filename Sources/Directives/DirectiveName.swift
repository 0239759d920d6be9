/// The directives of one test instrument: the names that may stand in a line `mark: name name=value …` of a prompt.
public protocol DirectiveName: RawRepresentable<String>, Hashable, Sendable {
  /// Every directive once, in the order of the usage text.
  static var table: [DirectiveRow<Self>] { get }
}

/// What follows the name of a directive.
public enum DirectiveParameter: Sendable, Equatable {
  case flag
  /// A number, named in the usage text. Without a default it must be given.
  case number(String, default: Int?)
  /// Any characters but blanks, named in the usage text.
  case word(String)
}

/// One directive and what it means.
public struct DirectiveRow<Name: DirectiveName>: Sendable {
  public let name: Name
  public let parameter: DirectiveParameter
  public let meaning: String

  public init(_ name: Name, _ parameter: DirectiveParameter, _ meaning: String) {
    self.name = name
    self.parameter = parameter
    self.meaning = meaning
  }
}

extension DirectiveName {
  var parameter: DirectiveParameter { Self.table.first { $0.name == self }?.parameter ?? .flag }

  /// The table as `--help` prints it: one line for each directive, without a line end after the last.
  public static var usage: String { table.map(\.usage).joined(separator: "\n") }
}

extension DirectiveRow {
  // Column 24: the longest forms fit in front of it.
  fileprivate var usage: String {
    let form = name.rawValue + suffix
    return "  " + form + String(repeating: " ", count: max(1, 22 - form.count)) + meaning
  }

  private var suffix: String {
    switch parameter {
    case .flag: ""
    case .number(let name, default: .some): "[=\(name)]"
    case .number(let name, default: .none), .word(let name): "=\(name)"
    }
  }
}
