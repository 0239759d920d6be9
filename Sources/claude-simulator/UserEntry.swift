import Bytes

/// A user line that waits for its turn.
struct UserEntry {
  let content: JSONValue
  /// The line's own identifier, if it has one.
  let uuid: String?
}
