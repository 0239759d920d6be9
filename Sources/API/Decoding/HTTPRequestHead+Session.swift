import Bytes
import HTTP
import HTTPServer
import Turns

extension HTTPRequestHead {
  /// The session the `x-session-id` field names.
  ///
  /// - Throws: `RequestError` 400 if it is no UUID.
  var sessionID: String? {
    get throws {
      guard let sent = fields["x-session-id"] else { return nil }
      guard let id = UUIDText.normalized(sent) else {
        throw RequestError.invalid("x-session-id must be a UUID", param: "x-session-id")
      }
      return id
    }
  }
}
