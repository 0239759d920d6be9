/// A validated request line and its header fields.
public struct HTTPRequestHead: Sendable {
  public enum Version: Sendable, Equatable {
    case http10
    case http11
  }

  /// As sent: methods are case-sensitive (RFC 9110 section 9.1).
  public let method: String
  /// As sent.
  public let target: String
  /// The target's path with its percent-escapes decoded.
  public let path: String
  /// The path's segments, decoded one by one: an escaped `/` is part of a segment. Empty ones are left out.
  public let segments: [String]
  /// The target after `?`, as sent.
  public let query: String?
  public let version: Version
  public let fields: HTTPFields

  /// Whether the connection may serve another request after this one (RFC 9112 section 9.3).
  public var keepsAlive: Bool {
    switch version {
    case .http11: !fields.has("connection", token: "close")
    case .http10: false
    }
  }

  /// Whether another protocol may take the connection over (RFC 9110 section 7.8).
  public var asksForUpgrade: Bool {
    version == .http11 && fields.has("connection", token: "upgrade") && fields["upgrade"] != nil
  }

  public var expectsContinue: Bool {
    version == .http11 && fields.has("expect", token: "100-continue")
  }

  /// The value of a query item, percent-escapes decoded; nil if it is not there.
  public func queryItem(_ name: String) -> String? {
    for item in (query ?? "").split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let key = PercentEncoding.decode(String(parts[0])), key == name else { continue }
      return parts.count > 1 ? PercentEncoding.decode(String(parts[1])) : ""
    }
    return nil
  }
}
