/// Why a workspace cannot be used.
public enum WorkspaceError: Error, Sendable, Equatable {
  /// Not one path component of letters, digits, `.`, `_` and `-`.
  case badName(String)
  /// The directory cannot be made, or is not a directory.
  case unusable(path: String, reason: String)
}
