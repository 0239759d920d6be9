import Bytes
import HTTPServer

extension HTTPError {
  /// The error in the agents' form: `detail` as text, besides OpenAI's form.
  var agentBody: JSONValue {
    var object: JSONObject = ["detail": .string(message)]
    object["error"] = body["error"]
    return .object(object)
  }
}
