package import Bytes

/// One short line about each use of the CLI's own tools. It is written like thinking: clients show it, and no program
/// takes it for the answer.
package enum ToolNote {
  /// The longest detail shown, in characters.
  package static let maximumDetail = 120

  /// `[Bash] git status`
  package static func use(name: String, input: JSONValue) -> String {
    let detail = input.object?.members.lazy.compactMap(\.value.string).first { !$0.isEmpty } ?? ""
    return detail.isEmpty ? "[\(name)]" : "[\(name)] \(shortened(detail))"
  }

  package static func failure(_ reason: String) -> String { "[failed] \(shortened(reason))" }

  /// The note as the inside of a JSON string, on a line of its own.
  ///
  /// - Parameter startsLine: whether the text before it ends in a line end.
  package static func escaped(_ note: String, startsLine: Bool) -> [UInt8] {
    var escaped = ByteBuffer()
    if !startsLine { escaped.append("\\n") }
    JSONText.appendEscaped(note.utf8, to: &escaped)
    escaped.append("\\n")
    return escaped.bytes
  }

  private static func shortened(_ text: String) -> String {
    let line = text.prefix { !$0.isNewline }
    let isCut = line.endIndex < text.endIndex || line.count > maximumDetail
    return line.prefix(maximumDetail) + (isCut ? "…" : "")
  }
}
