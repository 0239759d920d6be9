import Bytes
import HTTPServer

extension HTTPError {
  /// The error as the agents' clients read it: `detail` in words, and beside it the form of everything else.
  var agentBody: JSONValue {
    var object: JSONObject = ["detail": .string(message)]
    object["error"] = body["error"]
    return .object(object)
  }
}
