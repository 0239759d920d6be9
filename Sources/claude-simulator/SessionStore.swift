import Bytes

/// What the simulator remembers of a session between processes: one line per user text.
struct SessionStore {
  private let directory: String
  /// Where the real CLI keeps its transcripts for this working directory; others may have written one to be resumed.
  private let nativeDirectory: String

  init(configuration: String, workingDirectory: String) {
    directory = configuration + "/simulator-sessions"
    nativeDirectory = configuration + "/projects/" + SessionStore.projectName(workingDirectory)
  }

  func contains(_ id: String) -> Bool { TextFile.exists(path(id)) || TextFile.exists(nativePath(id)) }

  /// All user texts of the session, in order.
  func userTexts(_ id: String) -> [String] {
    let own = lines(of: path(id)).compactMap { $0["text"]?.string }
    return lines(of: nativePath(id)).compactMap(SessionStore.nativeText) + own
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

  // Every UTF-16 unit that is no ASCII letter or digit becomes a hyphen, as JavaScript counts them.
  private static func projectName(_ path: String) -> String {
    let units = path.utf16.map { unit -> UInt8 in
      let byte = UInt8(truncatingIfNeeded: unit)
      return unit < 0x80 && (Ascii.isLetter(byte) || Ascii.isDigit(byte)) ? byte : UInt8(ascii: "-")
    }
    return String(decoding: units, as: UTF8.self)
  }
}
