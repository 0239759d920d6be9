import Bytes

/// What the upstream accepts as a name (Anthropic Messages API).
public enum UpstreamName: Sendable {
  /// Of a function: ASCII letters, digits, `_` and `-`. The prefix of the CLI's tool counts towards the upstream's limit.
  case function
  /// Of a property at the top level of a tool's schema: the same and `.`.
  case property

  /// The upstream's limit for the name of a tool, in characters.
  public static let maximumToolLength = 128

  /// In characters.
  public var maximumLength: Int {
    switch self {
    case .function: UpstreamName.maximumToolLength - FunctionDeclaration.toolName(of: "").utf8.count
    case .property: 64
    }
  }

  public func accepts(_ name: String) -> Bool {
    (1...maximumLength).contains(name.utf8.count) && name.utf8.allSatisfy(accepts) && name != UpstreamName.lost
  }

  /// The CLI loses a property of this name (2.1.329).
  fileprivate static let lost = "__proto__"

  fileprivate func accepts(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "_"), UInt8(ascii: "-"): true
    case UInt8(ascii: "."): self == .property
    default: Ascii.isLetter(byte) || Ascii.isDigit(byte)
    }
  }

  /// The name with `_` for each other character, shortened to `length`.
  fileprivate func repaired(_ name: String, length: Int) -> String {
    let plain = name.unicodeScalars.prefix(length).map { scalar in
      scalar.isASCII && accepts(UInt8(scalar.value)) ? Character(scalar) : "_"
    }
    return plain.isEmpty ? "_" : String(plain)
  }
}

/// Makes names that the upstream accepts, each once.
public struct UpstreamNames {
  private let kind: UpstreamName
  private var used: Set<String>
  /// The last suffix tried for a name, so that the n-th repetition does not try all the earlier ones.
  private var numbers: [String: Int] = [:]

  /// - Parameter used: names that are not to be made.
  public init(_ kind: UpstreamName, apartFrom used: Set<String>) {
    self.kind = kind
    self.used = used.union([UpstreamName.lost])
  }

  /// A new name like this one.
  public mutating func make(like name: String) -> String {
    let base = kind.repaired(name, length: kind.maximumLength)
    var candidate = base
    while !used.insert(candidate).inserted {
      let number = numbers[base, default: 1] + 1
      numbers[base] = number
      let suffix = "-\(number)"
      candidate = String(base.prefix(kind.maximumLength - suffix.utf8.count)) + suffix
    }
    return candidate
  }
}

/// The names of the functions that a history has calls of. The upstream refuses some that other providers accept, and
/// each of those gets another name: the same for every call of the function, and no other function's.
public struct PastNames {
  private var names: [String: String] = [:]

  /// - Parameters:
  ///   - past: the functions of the history's calls.
  ///   - offered: the functions of the request.
  public init(_ past: [String], offered: [String]) {
    let unfit = past.filter { !UpstreamName.function.accepts($0) }
    guard !unfit.isEmpty else { return }
    var fresh = UpstreamNames(.function, apartFrom: Set(offered).union(past))
    for name in unfit where names[name] == nil { names[name] = fresh.make(like: name) }
  }

  public func name(of function: String) -> String { names[function] ?? function }
}
