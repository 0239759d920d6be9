import Bytes
public import EventLoop
import HTTP
public import HTTPServer

/// `GET /`: name, version, base URLs and endpoints, one on a line, so that people can read it too. It discloses nothing
/// else and needs no key; without keys the guard against web pages comes before it.
@Reactor
public struct IndexRoutes {
  private let body: [UInt8]

  /// - Parameter endpoints: every route, as `Router.endpoints` has them.
  public init(version: String, endpoints: [String]) {
    var output = ByteBuffer()
    output.append("{\n  \"name\": \"claude-code-server\",\n  \"version\": ")
    JSONText.append(version, to: &output)
    output.append(",\n  \"base_urls\": {\"OpenAI\": \"/v1\", \"Anthropic\": \"/\"},\n  \"endpoints\": [")
    for (index, endpoint) in endpoints.enumerated() {
      output.append(index == 0 ? "\n    " : ",\n    ")
      JSONText.append(endpoint, to: &output)
    }
    output.append("\n  ]\n}\n")
    body = output.bytes
  }

  public func add(to router: inout Router) {
    router.on(
      "GET", "/",
      atOnce: { [body] _, _, _ in
        HTTPResponse(head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(body))
      })
  }
}
