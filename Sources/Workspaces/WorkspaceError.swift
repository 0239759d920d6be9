/// Why a workspace cannot be used.
public enum WorkspaceError: Error, Sendable, Equatable {
  /// Not one path component of letters, digits, `.`, `_` and `-`.
  case badName(String)
  /// The directory cannot be made, or something else stands in its place.
  case unusable(path: String, reason: String)
}
