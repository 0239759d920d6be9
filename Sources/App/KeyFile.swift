import System

/// A file that holds API keys in plain text, and whether child processes can read it: they run as the same user.
struct KeyFile {
  let path: String

  /// - Parameter variables: the variables in the file. Nil if none is a key: digests are useless to a reader.
  init?(path: String, variables: [String: String]) {
    let names: [SettingName] = [.apiKey, .apiKeys, .adminKeys]
    guard names.contains(where: { variables[$0.rawValue]?.isEmpty == false }) else { return nil }
    self.path = path
  }

  /// Why that is a danger, and what to do; nil if no danger is known.
  ///
  /// - Parameter base: the directory of all workspaces; it need not exist.
  func warning(workspaces base: String) -> String? {
    guard let resolved = try? FilePath.resolved(path), FilePath.isReadable(resolved) else { return nil }
    let directory = resolved.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    let remedy =
      "Keep digests in it instead (API_KEY_HASHES; `claude-code-server key --hash` makes them), or give the keys in "
      + "the environment of the server from a file that its user cannot read."
    if FilePath.isReadableByOthers(resolved) {
      return "\(resolved) holds API keys, and everybody on this machine can read it. \(remedy)"
    }
    guard KeyFile.isBeside(directory, (try? FilePath.resolved(base)) ?? base) else { return nil }
    return "\(resolved) holds API keys, and every tool that runs in a workspace can read it. \(remedy)"
  }

  /// Whether `directory` is the base, above it or below it.
  static func isBeside(_ directory: String, _ base: String) -> Bool {
    let (directory, base) = (directory == "/" ? "" : directory, base == "/" ? "" : base)
    return directory == base || base.hasPrefix("\(directory)/") || directory.hasPrefix("\(base)/")
  }
}
