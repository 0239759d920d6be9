/// The command line, parsed as the real CLI's commander.js does it.
struct FlagValues {
  private var values: [String: [String]] = [:]
  private(set) var positional: [String] = []

  init(parsing arguments: [String]) throws(LaunchFailure) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        positional += rest
        return
      }
      if argument.hasPrefix("-"), argument != "-" {
        try takeOption(argument, &rest)
      } else {
        positional.append(argument)
      }
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }

  /// The last value of a flag.
  subscript(name: String) -> String? { values[name]?.last }

  func list(_ name: String) -> [String]? { values[name] }

  private mutating func takeOption(_ argument: String, _ rest: inout ArraySlice<String>) throws(LaunchFailure) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let isJoined = parts.count == 2 && argument.hasPrefix("--")
    guard let flag = Flag.named(isJoined ? parts[0] : argument), !(isJoined && flag.takesNoValue) else {
      throw LaunchFailure("error: unknown option '\(argument)'")
    }
    let taken = try isJoined ? [parts[1]] : FlagValues.following(flag, &rest)
    for value in taken where !flag.choices.isEmpty && !flag.choices.contains(value) {
      throw LaunchFailure(
        "error: option '\(flag.canonicalName) <value>' argument '\(value)' is invalid. "
          + "Allowed choices are \(flag.choices.joined(separator: ", ")).")
    }
    values[flag.canonicalName, default: []] += taken
  }

  private static func following(_ flag: Flag, _ rest: inout ArraySlice<String>) throws(LaunchFailure) -> [String] {
    switch flag.value {
    case .none: return []
    case .optional: return rest.first.map { !$0.hasPrefix("-") } == true ? [rest.removeFirst()] : []
    case .required, .list:
      guard let first = rest.popFirst() else {
        throw LaunchFailure("error: option '\(flag.canonicalName) <value>' argument missing")
      }
      guard case .list = flag.value else { return [first] }
      var list = [first]
      while let next = rest.first, !next.hasPrefix("-") { list.append(rest.removeFirst()) }
      return list
    }
  }
}

extension Flag {
  fileprivate var takesNoValue: Bool { if case .none = value { true } else { false } }
}
