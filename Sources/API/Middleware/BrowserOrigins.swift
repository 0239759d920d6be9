import Bytes

/// The origins of web pages (RFC 6454) that may use a server without keys: pages of the browser's own machine, and
/// listed ones.
///
/// Nobody can point `localhost` or a loopback address at a page of his own, so a page with such an origin came from a
/// program on the machine that the browser runs on. `null` is not local: a foreign page can give it to a frame.
public struct BrowserOrigins: Sendable, Equatable {
  private let listed: Set<String>

  /// - Parameter listed: whole origins in lower case, `https://app.example.org`.
  public init(listed: Set<String> = []) { self.listed = listed }

  /// Whether pages of `origin` are allowed. Case does not count.
  public func allows(_ origin: String) -> Bool {
    let origin = origin.lowercased()
    return listed.contains(origin) || BrowserOrigins.isLocal(origin)
  }

  private static func isLocal(_ origin: String) -> Bool {
    guard let scheme = ["http://", "https://"].first(where: { origin.hasPrefix($0) }) else { return false }
    guard let host = host(of: origin.dropFirst(scheme.utf8.count)) else { return false }
    return ["localhost", "127.0.0.1", "[::1]"].contains(host) || isName(below: ".localhost", host)
  }

  /// The host of `host[:port]`; nil for a port that is none.
  private static func host(of authority: Substring) -> String? {
    let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map { authority.index(after: $0) } : nil
    let colon = authority[(end ?? authority.startIndex)...].firstIndex(of: ":") ?? authority.endIndex
    guard end == nil || end == colon else { return nil }
    let port = authority[colon...].dropFirst().utf8
    guard colon == authority.endIndex || (1...5).contains(port.count) && port.allSatisfy(Ascii.isDigit) else {
      return nil
    }
    return String(authority[..<colon])
  }

  private static func isName(below suffix: String, _ host: String) -> Bool {
    host.hasSuffix(suffix) && host.utf8.count > suffix.utf8.count && host.utf8.first != UInt8(ascii: ".")
      && host.utf8.allSatisfy {
        Ascii.isLetter($0) || Ascii.isDigit($0)
          || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains($0)
      }
  }
}
