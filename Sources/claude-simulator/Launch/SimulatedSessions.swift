import Bytes

/// The sessions that the simulator keeps on disk: one line for each user text.
struct SimulatedSessions {
  private let directory: String
  /// Where the real CLI keeps its transcripts for this working directory. The server may have written one to resume.
  private let nativeDirectory: String

  init(configuration: String, workingDirectory: String) {
    directory = configuration + "/simulator-sessions"
    nativeDirectory = configuration + "/projects/" + SimulatedSessions.projectName(workingDirectory)
  }

  func contains(_ id: String) -> Bool { TextFile.exists(path(id)) || TextFile.exists(nativePath(id)) }

  /// All user texts of the session, in order.
  func userTexts(_ id: String) -> [String] {
    let own = lines(of: path(id)).compactMap { $0["text"]?.string }
    return lines(of: nativePath(id)).compactMap(SimulatedSessions.nativeText) + own
  }

  func append(_ text: String, to id: String) {
    TextFile.makeDirectory(directory)
    let line: JSONValue = ["type": "user", "text": .string(text), "timestamp": .string(Clock.timestamp)]
    TextFile.append(line.text + "\n", to: path(id))
  }

  func nativePath(_ id: String) -> String { "\(nativeDirectory)/\(id).jsonl" }

  private func path(_ id: String) -> String { "\(directory)/\(id).jsonl" }

  private func lines(of path: String) -> [JSONValue] {
    (TextFile.read(path) ?? "").utf8.split(separator: Ascii.lineFeed).compactMap { try? JSONValue(parsing: Array($0)) }
  }

  private static func nativeText(_ line: JSONValue) -> String? {
    guard line["type"]?.string == "user", line["isSidechain"]?.bool != true, line["isMeta"]?.bool != true else {
      return nil
    }
    let text = UserContent.text(line["message"]?["content"])
    return text.isEmpty ? nil : text
  }

  // Every UTF-16 unit that is not an ASCII letter or digit becomes a hyphen, as in JavaScript.
  private static func projectName(_ path: String) -> String {
    let units = path.utf16.map { unit -> UInt8 in
      let byte = UInt8(truncatingIfNeeded: unit)
      return unit < 0x80 && (Ascii.isLetter(byte) || Ascii.isDigit(byte)) ? byte : UInt8(ascii: "-")
    }
    return String(decoding: units, as: UTF8.self)
  }
}

/// The session of the process.
struct SessionChoice {
  let id: String
  /// The session that is resumed or forked.
  let origin: String?

  /// - Throws: for the sessions that the real CLI refuses.
  init(_ options: LaunchOptions, _ store: SimulatedSessions, newID: String) throws(LaunchFailure) {
    let wanted = options.flags["--session-id"].flatMap(UUIDText.normalized)
    let resumed = options.flags["--resume"].flatMap(UUIDText.normalized)
    if let wanted, wanted != resumed, store.contains(wanted) {
      throw LaunchFailure("Error: Session ID \(wanted) is already in use.")
    }
    if let resumed, !store.contains(resumed) {
      throw LaunchFailure(SessionChoice.unknownSession(resumed), session: resumed)
    }
    origin = resumed
    let isFork = options.flags.has("--fork-session")
    id = resumed.flatMap { isFork ? nil : $0 } ?? wanted ?? newID
    guard let resumed, isFork, options.keepsSession else { return }
    for text in store.userTexts(resumed) { store.append(text, to: id) }
  }

  private static func unknownSession(_ id: String) -> String { "No conversation found with session ID: \(id)" }
}
