/// Where the CLI keeps the transcript of a session.
public struct TranscriptLocation: Equatable, Sendable {
  /// The CLI's configuration directory.
  let configuration: String
  /// `projects` in there.
  public var root: String { "\(configuration)/projects" }
  /// The name of the folder in `root` that stands for the working directory.
  public let folder: String
  public let sessionID: String

  /// - Parameters:
  ///   - configuration: `CLAUDE_CONFIG_DIR`, or `.claude` in the home directory.
  ///   - directory: where the CLI runs, links resolved: the CLI does not know the name it was reached by.
  ///   - sessionID: a UUID.
  public init(configuration: String, directory: String, sessionID: String) {
    self.configuration = configuration
    folder = TranscriptLocation.folder(for: directory)
    self.sessionID = sessionID
  }

  public var file: String { "\(sessionID).jsonl" }
  public var path: String { "\(root)/\(folder)/\(file)" }

  /// Longer names of folders are cut, and told apart by a hash (CLI 2.1.329).
  static let maximumFolderLength = 200

  /// Every UTF-16 unit that is no ASCII letter or digit becomes `-`.
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

  /// Of the directory's own name: h = 31 h + unit in 32 bits, its magnitude to base 36.
  private static func hash(_ directory: String) -> String {
    let hash = directory.utf16.reduce(Int32(0)) { ($0 << 5) &- $0 &+ Int32($1) }
    return String(hash.magnitude, radix: 36)
  }
}
