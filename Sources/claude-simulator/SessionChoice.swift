import Bytes

/// Which session the process works in.
struct SessionChoice {
  let id: String
  /// The session that is resumed, or branched off.
  let origin: String?

  /// - Throws: as the real CLI refuses.
  init(_ options: LaunchOptions, _ store: SessionStore, newID: String) throws(LaunchFailure) {
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
