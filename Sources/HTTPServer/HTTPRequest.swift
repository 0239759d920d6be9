public import HTTP

/// A complete request.
public struct HTTPRequest: Sendable {
  public let head: HTTPRequestHead
  public let body: RequestBody

  public init(head: HTTPRequestHead, body: RequestBody) {
    self.head = head
    self.body = body
  }

  public init(head: HTTPRequestHead, body: [UInt8]) { self.init(head: head, body: RequestBody(body)) }
}
