import Bytes
import System

/// A transcript as a process left it. It shows whether another client has continued the session since: the process
/// would not know of that, and would fork the session.
///
/// The CLI has written everything by the time it emits its result (2.1.329).
struct TranscriptMark: Sendable {
  let location: TranscriptLocation
  /// Nil if there was no file.
  let version: FileVersion?

  init(_ location: TranscriptLocation) {
    self.location = location
    version = FileVersion.of(location.path)
  }

  /// Whether the file is still the same. Checking takes microseconds.
  var isCurrent: Bool { FileVersion.of(location.path) == version }

  /// Whether no message was added since. Reads the new part off the loop: a CLI that exits adds notes of its own.
  func hasNoNewMessages() async -> Bool {
    guard let version, let now = FileVersion.of(location.path), now.continues(version),
      let added = try? await TranscriptFile.contents(of: location, from: version.size)
    else { return false }
    return added.split(separator: Ascii.lineFeed).allSatisfy { line in
      guard let type = try? JSONValue(parsing: Array(line))["type"]?.string else { return false }
      return ConversationMessage.Role(rawValue: type) == nil
    }
  }
}
