import Bytes
import System

/// A transcript as a process left it, to see whether somebody else has gone on with the session since: the process would
/// not know of that, and fork it.
///
/// The CLI has written everything when it says its result (2.1.329).
struct TranscriptMark: Sendable {
  let location: TranscriptLocation
  /// Nil if there was no file.
  let version: FileVersion?

  init(_ location: TranscriptLocation) {
    self.location = location
    version = FileVersion.of(location.path)
  }

  /// Whether the file is the same still. A look at it costs microseconds.
  var isCurrent: Bool { FileVersion.of(location.path) == version }

  /// Whether nothing was said since. What is new is read, off the loop: CLIs that end add notes of their own.
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
