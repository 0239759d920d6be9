/// What not every supported CLI can do.
///
/// The version decides, because nothing else shows it: neither `--help` nor the response to `initialize` names these
/// features, and a trial would need an upstream. Versions between the measured ones count as the older: there the other
/// way is taken, which works on every version. A newer version than any that was measured can do everything.
public struct CLICapabilities: Equatable, Sendable {
  /// Whether `CLAUDE_CODE_DISABLE_FILE_MENTIONS` keeps `@path` in a prompt from attaching that file. All versions know
  /// `CLAUDE_CODE_DISABLE_ATTACHMENTS`, which also keeps the lists of skills and agents from the model.
  public var canDisableFileMentions: Bool
  /// Whether a written history may end with the results of tools. If not, the CLI inserts an answer of its own after
  /// them, and the prompt that repeats them is lost.
  public var resumesToolResults: Bool

  /// Everything.
  public static let newest = CLICapabilities(canDisableFileMentions: true, resumesToolResults: true)
  /// A program whose version is not known: most likely new, and never allowed to attach files.
  public static let unknown = CLICapabilities(canDisableFileMentions: false, resumesToolResults: true)

  init(canDisableFileMentions: Bool, resumesToolResults: Bool) {
    self.canDisableFileMentions = canDisableFileMentions
    self.resumesToolResults = resumesToolResults
  }

  /// - Parameter version: nil if `--version` printed none.
  public init(_ version: CLIVersion?) {
    guard let version else {
      self = .unknown
      return
    }
    // Measured absent in 2.1.235 and present in 2.1.329.
    let isNew = version >= CLIVersion(2, 1, 329)
    self.init(canDisableFileMentions: isNew, resumesToolResults: isNew)
  }
}
