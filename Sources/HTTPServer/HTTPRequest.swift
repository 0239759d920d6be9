public import HTTP

/// A complete request.
public struct HTTPRequest: Sendable {
  public let head: HTTPRequestHead
  public let body: [UInt8]

  public init(head: HTTPRequestHead, body: [UInt8]) {
    self.head = head
    self.body = body
  }
}
