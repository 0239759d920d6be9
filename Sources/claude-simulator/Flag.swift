/// An option of the command line.
struct Flag {
  enum Value {
    case none
    case required
    case optional
    /// As many words as follow, up to the next option.
    case list
  }

  /// Every spelling, the canonical one first.
  let names: [String]
  let value: Value
  /// What the value may be; empty: anything.
  let choices: [String]

  init(_ names: String..., value: Value = .none, choices: [String] = []) {
    self.names = names
    self.value = value
    self.choices = choices
  }

  var canonicalName: String { names[0] }
}
