public import Bytes
public import HTTP

/// A response: a head, and a body that is complete or comes piece by piece.
public struct HTTPResponse {
  public enum Body {
    case bytes([UInt8])
    case stream(any StreamingBody)
    /// The connection is handed to another protocol; the head has status 101. A request that did not ask for it gets 426.
    case upgrade(any UpgradeHandler)
  }

  public var head: HTTPResponseHead
  public var body: Body

  public init(head: HTTPResponseHead, body: Body = .bytes([])) {
    self.head = head
    self.body = body
  }

  public static func json(_ value: JSONValue, status: HTTPStatus = .ok) -> HTTPResponse {
    HTTPResponse(
      head: HTTPResponseHead(status, ["content-type": "application/json"]),
      body: .bytes(value.encoded + [Ascii.lineFeed]))
  }

  /// Switches to another protocol.
  ///
  /// - Parameters:
  ///   - name: of the protocol, `websocket` for instance.
  ///   - fields: further fields of the response.
  public static func upgrade(
    to name: String, fields: KeyValuePairs<String, String> = [:], _ handler: any UpgradeHandler
  ) -> HTTPResponse {
    var head = HTTPResponseHead(.switchingProtocols, fields)
    head["upgrade"] = name
    return HTTPResponse(head: head, body: .upgrade(handler))
  }

  /// Server-sent events, with the fields that keep proxies from buffering.
  public static func eventStream(_ body: any StreamingBody) -> HTTPResponse {
    HTTPResponse(
      head: HTTPResponseHead(
        .ok,
        [
          "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache, no-transform",
          "x-accel-buffering": "no",
        ]),
      body: .stream(body))
  }
}
