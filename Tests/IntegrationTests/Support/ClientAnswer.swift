import Bytes
import Testing

/// An answer, or what has come of it.
struct ClientAnswer: Sendable {
  let status: Int
  /// Names in lower case.
  let fields: [(name: String, value: String)]
  let body: [UInt8]
  let arrivals: [CurlTransfer.Arrival]

  init(_ progress: CurlTransfer.Progress) {
    status = progress.status
    fields = progress.fields
    body = progress.body
    arrivals = progress.arrivals
  }

  /// The field's value; nil unless it is there exactly once.
  subscript(_ name: String) -> String? {
    let values = fields.filter { $0.name == name }
    return values.count == 1 ? values[0].value : nil
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// The body, read strictly.
  func json() throws -> JSONValue { try JSONValue(parsing: body) }

  /// The body as server-sent events.
  var events: EventStream { EventStream(body) }

  /// The body as a streamed chat completion.
  func chat() throws -> ChatStream { try ChatStream(events) }

  /// The whole answer of a chat completion that was not streamed.
  func completion() throws -> String {
    try #require(status == 200, "\(text)")
    return try #require(try json()["choices"]?.array?.first?["message"]?["content"]?.string)
  }

  /// The lines of `/api/claude`.
  func lines() throws -> [JSONValue] {
    #expect(events.violations == [])
    return try events.data.map { try JSONValue(parsing: $0) }
  }

  /// The text of the last line of `/api/claude`, which is its `result`.
  func result() throws -> String {
    let last = try #require(try lines().last, "\(status) \(text)")
    #expect(last["type"] == "result")
    return try #require(last["result"]?.string)
  }

  /// When the body's first `count` bytes had come.
  func arrival(of count: Int) -> ContinuousClock.Instant? { arrivals.first { $0.count >= count }?.instant }

  /// The error in OpenAI's form; its message is not empty and its four members are there.
  func error() throws -> ErrorBody {
    #expect(self["content-type"] == "application/json")
    return try ErrorBody(status: status, try json())
  }
}

/// An error as a client sees it, without its words.
struct ErrorBody: Equatable, Sendable, CustomStringConvertible {
  let status: Int
  let type: String
  var param: String?
  var code: String?

  init(_ status: Int, _ type: String, param: String? = nil, code: String? = nil) {
    self.status = status
    self.type = type
    self.param = param
    self.code = code
  }

  init(status: Int, _ body: JSONValue) throws {
    #expect(body.object?.keys == ["error"])
    let error = try #require(body["error"]?.object, "\(body.text)")
    #expect(error.keys == ["message", "type", "param", "code"])
    let message = try #require(error["message"]?.string)
    #expect(!message.isEmpty)
    self.status = status
    type = try #require(error["type"]?.string)
    param = try ErrorBody.optional(error["param"])
    code = try ErrorBody.optional(error["code"])
  }

  private static func optional(_ value: JSONValue?) throws -> String? {
    value == .null ? nil : try #require(value?.string)
  }

  var description: String { "\(status) \(type) param=\(param ?? "-") code=\(code ?? "-")" }
}
