/// What the CLI may do without asking, from least to most (`--permission-mode`, CLI 2.1.329).
public enum PermissionMode: Int, Sendable, Comparable, CaseIterable {
  case plan
  case manual
  case dontAsk
  case acceptEdits
  case auto
  case bypassPermissions

  /// The mode's name in flags and requests; `default` is an alias of `manual`.
  public init?(name: String) {
    guard let mode = PermissionMode.allCases.first(where: { $0.name == name }) ?? (name == "default" ? .manual : nil)
    else { return nil }
    self = mode
  }

  public var name: String {
    switch self {
    case .plan: "plan"
    case .manual: "manual"
    case .dontAsk: "dontAsk"
    case .acceptEdits: "acceptEdits"
    case .auto: "auto"
    case .bypassPermissions: "bypassPermissions"
    }
  }

  public static func < (left: PermissionMode, right: PermissionMode) -> Bool { left.rawValue < right.rawValue }
}
