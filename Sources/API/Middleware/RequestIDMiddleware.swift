import Bytes
public import EventLoop
public import HTTP
public import HTTPServer

/// Gives each request an id: the client's, if it sent a valid one, or a new one.
@Reactor
public struct RequestIDMiddleware: Middleware {
  private let newID: @Reactor () -> String
  /// The longest id that is accepted, in bytes.
  static let maximumLength = 128

  public init(newID: @escaping @Reactor () -> String) { self.newID = newID }

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    let sent = head.fields["x-request-id"].flatMap { RequestIDMiddleware.isSane($0) ? $0 : nil }
    context.identify(sent ?? "req_\(newID())")
    return nil
  }

  private static func isSane(_ id: String) -> Bool {
    (1...maximumLength).contains(id.utf8.count)
      && id.utf8.allSatisfy {
        Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: ".")
      }
  }
}
