import Bytes
import HTTPServer

/// The body of `POST /v1/messages`, reduced to what the stub needs.
struct StubRequest {
  /// The CLI's tool for answers that follow a JSON schema.
  static let structuredOutput = "StructuredOutput"

  let model: String
  let isStreaming: Bool
  let maxTokens: Int?
  let stopSequences: [String]
  let system: String
  let tools: [String]
  let messages: [RequestMessage]
  /// The required members of the answer's JSON schema; nil without a schema.
  let schemaKeys: [String]?

  /// - Throws: `HTTPError` 400 for a body that is not a JSON object with messages.
  init(parsing body: [UInt8]) throws(HTTPError) {
    let value: JSONValue
    do { value = try JSONValue(parsing: body) } catch {
      throw .invalidRequest("The request body is not valid JSON: \(error.reason) at \(error.offset)")
    }
    guard let messages = value["messages"]?.array else { throw .invalidRequest("messages: Field required") }
    model = value["model"]?.string ?? "claude-stub"
    isStreaming = value["stream"]?.bool ?? false
    maxTokens = value["max_tokens"]?.int
    stopSequences = value["stop_sequences"]?.array?.compactMap(\.string) ?? []
    system = RequestMessage.plainText(of: value["system"])
    tools = value["tools"]?.array?.compactMap { $0["name"]?.string } ?? []
    let format = value["output_config"]?["format"] ?? value["output_format"]
    schemaKeys = format.map { $0["schema"]?["required"]?.array?.compactMap(\.string) ?? [] }
    self.messages = messages.map(RequestMessage.init)
  }

  /// The answer to the CLI's own requests: probes of one token and titles, which have a schema. Their texts may
  /// quote a script. nil for a turn of the conversation.
  var sideAnswer: String? {
    if let maxTokens, maxTokens <= 1 { return "ok" }
    guard let keys = schemaKeys else { return nil }
    return JSONValue.object(keys.reduce(into: JSONObject()) { $0[$1] = "stub" }).text
  }
}
