/// Where the CLI keeps the transcript of a session.
public struct TranscriptLocation: Equatable, Sendable {
  /// The CLI's configuration directory.
  let configuration: String
  /// `projects` in the configuration directory.
  public var root: String { "\(configuration)/projects" }
  /// The folder in `root` that stands for the working directory.
  public let folder: String
  public let sessionID: String

  /// - Parameters:
  ///   - configuration: `CLAUDE_CONFIG_DIR`, or `.claude` in the home directory.
  ///   - directory: where the CLI runs, with links resolved, as the CLI sees it.
  ///   - sessionID: a UUID.
  public init(configuration: String, directory: String, sessionID: String) {
    self.configuration = configuration
    folder = TranscriptLocation.folder(for: directory)
    self.sessionID = sessionID
  }

  public var file: String { "\(sessionID).jsonl" }
  public var path: String { "\(root)/\(folder)/\(file)" }

  /// Longer folder names are cut and get a hash (CLI 2.1.329).
  static let maximumFolderLength = 200

  /// Every UTF-16 unit that is not an ASCII letter or digit becomes `-`.
  static func folder(for directory: String) -> String {
    let name = directory.utf16.map { Character(isKept($0) ? Unicode.Scalar(UInt8($0)) : "-") }
    guard name.count > maximumFolderLength else { return String(name) }
    return "\(String(name[..<maximumFolderLength]))-\(hash(directory))"
  }

  private static func isKept(_ unit: UInt16) -> Bool {
    switch unit {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  /// Over the directory's path: h = 31 h + unit in 32 bits, its magnitude to base 36.
  private static func hash(_ directory: String) -> String {
    let hash = directory.utf16.reduce(Int32(0)) { ($0 << 5) &- $0 &+ Int32($1) }
    return String(hash.magnitude, radix: 36)
  }
}
