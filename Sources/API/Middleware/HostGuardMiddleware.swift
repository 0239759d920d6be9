import Bytes
public import EventLoop
public import HTTP
public import HTTPServer

/// Keeps web pages away from a server without keys.
///
/// A page that the user visits can make the browser send requests here: to `localhost` itself, which `Origin` shows, or
/// to a name of its own that it points at this machine (DNS rebinding), which `Host` shows. Programs send neither a
/// foreign `Origin` nor a foreign `Host`. IP literals are accepted: no page can have one as its name.
@Reactor
public struct HostGuardMiddleware: Middleware {
  private let allowedHosts: Set<String>
  private let allowedOrigins: Set<String>

  /// - Parameters:
  ///   - allowedHosts: names besides `localhost` and IP literals, in lower case, without port.
  ///   - allowedOrigins: whole origins, `https://app.example.org`.
  public init(allowedHosts: Set<String>, allowedOrigins: Set<String>) {
    self.allowedHosts = allowedHosts
    self.allowedOrigins = allowedOrigins
  }

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    guard !head.isHealthProbe else { return nil }
    let host = head.fields["host"]?.lowercased() ?? ""
    guard isAllowed(host: host) else {
      throw refusal(
        "The host name \(host.prefix(128)) is not served here; ALLOWED_HOSTS lists the names that are", host)
    }
    if let origin = head.fields["origin"]?.lowercased(), !isAllowed(origin: origin, host: host) {
      throw refusal(
        "Requests of web pages from \(origin.prefix(128)) are not accepted; ALLOWED_ORIGINS lists the origins that are",
        origin)
    }
    return nil
  }

  private func isAllowed(host: String) -> Bool {
    let name = HostGuardMiddleware.withoutPort(host)
    return name.isEmpty || name == "localhost" || name.hasSuffix(".localhost") || allowedHosts.contains(name)
      || HostGuardMiddleware.isAddress(name)
  }

  private func isAllowed(origin: String, host: String) -> Bool {
    origin == "http://\(host)" || origin == "https://\(host)" || allowedOrigins.contains(origin)
  }

  private func refusal(_ message: String, _ value: String) -> HTTPError {
    HTTPError(
      .forbidden, type: "permission_error", code: "host_not_allowed", message: message,
      headers: [HTTPResponseHead.Field(name: "x-should-retry", value: "false")])
  }

  private static func withoutPort(_ host: String) -> String {
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    let parts = host.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 ? String(parts[0]) : host
  }

  private static func isAddress(_ name: String) -> Bool {
    if name.hasPrefix("[") && name.hasSuffix("]") {
      return name.dropFirst().dropLast().utf8.allSatisfy {
        Ascii.hexValue($0) != nil || $0 == Ascii.colon || $0 == UInt8(ascii: ".")
      }
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }
}
