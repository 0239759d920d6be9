import Bytes
import HTTPServerTestSupport
import Testing

extension TestResponse {
  func json() throws -> JSONValue { try JSONValue(parsing: body) }

  /// Status, `param` and `code` of an error in OpenAI's form.
  func errorSummary() throws -> String {
    let error = try #require(try json()["error"], "\(text)")
    return "\(status) \(error["param"]?.string ?? "-") \(error["code"]?.string ?? "-")"
  }

  /// The text of a chat completion, streamed or not.
  func answer() throws -> String {
    guard self["content-type"] == "application/json" else {
      return try events.dropLast().compactMap {
        try JSONValue(parsing: $0)["choices"]?.array?.first?["delta"]?["content"]?.string
      }.joined()
    }
    return try #require(try json()["choices"]?.array?.first?["message"]?["content"]?.string, "\(text)")
  }
}
