import Bytes

/// A request as libcurl is told to send it.
struct ClientRequest: Sendable {
  var method: String
  var path: String
  /// `name: value`
  var fields: [String] = []
  var body: [UInt8]?
  /// Whether the connection is kept for the next request, and taken from the last one.
  var keepsConnection = false

  init(_ method: String, _ path: String, _ fields: [String] = [], body: [UInt8]? = nil) {
    self.method = method
    self.path = path
    self.fields = fields
    self.body = body
  }

  static func get(_ path: String, _ fields: [String] = []) -> ClientRequest { ClientRequest("GET", path, fields) }

  static func post(_ path: String, _ fields: [String] = [], _ body: JSONValue) -> ClientRequest {
    ClientRequest("POST", path, ["content-type: application/json"] + fields, body: body.encoded)
  }

  /// As `curl -d` with the JSON content type.
  static func post(_ path: String, _ fields: [String] = [], text: String) -> ClientRequest {
    ClientRequest("POST", path, ["content-type: application/json"] + fields, body: Array(text.utf8))
  }

  /// `POST /api/claude`
  static func native(_ prompt: String, _ options: JSONObject = [:], _ fields: [String] = []) -> ClientRequest {
    var body = options
    body["prompt"] = .string(prompt)
    return post("/api/claude", fields, .object(body))
  }

  /// `POST /v1/chat/completions`
  static func chat(
    _ messages: [JSONValue], stream: Bool, _ options: JSONObject = [:], _ fields: [String] = []
  ) -> ClientRequest {
    var body: JSONObject = ["model": "claude-code"]
    for member in options.members { body[member.key] = member.value }
    body["messages"] = .array(messages)
    if stream { body["stream"] = true }
    return post("/v1/chat/completions", fields, .object(body))
  }

  /// `POST /v1/chat/completions` with one user message.
  static func chat(
    _ prompt: String, stream: Bool, _ options: JSONObject = [:], _ fields: [String] = []
  ) -> ClientRequest {
    chat([.user(prompt)], stream: stream, options, fields)
  }
}

extension JSONValue {
  static func system(_ text: String) -> JSONValue { ["role": "system", "content": .string(text)] }
  static func user(_ text: String) -> JSONValue { ["role": "user", "content": .string(text)] }
  static func assistant(_ text: String) -> JSONValue { ["role": "assistant", "content": .string(text)] }
}
