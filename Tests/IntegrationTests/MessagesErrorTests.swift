import Bytes
import Testing

private let key = "sk-1234567890abcdef1234567890abcdef12345678"

/// Errors below `/v1/messages` have Anthropic's form, wherever they are thrown.
@Suite(.beside, .server(["API_KEY": key]))
struct MessagesErrorTests {
  private static let authorized = ["x-api-key: \(key)"]

  @Test(
    "errors of middleware, router, body reader and route have Anthropic's form",
    arguments: [
      (ClientRequest.post("/v1/messages", text: "{}"), 401, "authentication_error", "invalid_api_key"),
      (.get("/v1/models", ["anthropic-version: 2023-06-01"]), 401, "authentication_error", "invalid_api_key"),
      (.get("/v1/messages", authorized), 405, "invalid_request_error", "method_not_allowed"),
      (.post("/v1/messages/batches", authorized, text: "{}"), 404, "not_found_error", "unknown_url"),
      (.post("/v1/messages", authorized, text: "{"), 400, "invalid_request_error", "invalid_json"),
      (
        .post("/v1/messages", authorized, text: #"{"model":"gpt-4o","messages":[{"role":"user","content":"x"}]}"#), 404,
        "not_found_error", "model_not_found"
      ),
      (
        .post(
          "/v1/messages/count_tokens", authorized,
          text: #"{"model":"gpt-4o","messages":[{"role":"user","content":"x"}]}"#), 404, "not_found_error",
        "model_not_found"
      ),
    ])
  func forms(request: ClientRequest, status: Int, type: String, code: String) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(request)
    #expect(answer.status == status)
    let body = try JSONValue(parsing: answer.text)
    #expect(body.object?.keys == ["type", "error", "request_id"])
    #expect(body["type"] == "error")
    #expect(body["error"]?["type"]?.string == type)
    #expect(body["error"]?["details"] == ["error_code": .string(code)])
    #expect(body["request_id"]?.string == answer["request-id"])
    #expect(answer["request-id"] == answer["x-request-id"])
    #expect(status != 405 || answer["allow"] == "OPTIONS, POST")
  }
}
