import Bytes

/// Reads one complete request head (RFC 9112 sections 2 to 5). Strict where leniency is how requests are smuggled.
struct HTTPHeadParser {
  let limits: HTTPLimits

  /// - Parameter head: from the first byte of the request line to the blank line, the blank line's CRLF excluded.
  func parse(_ head: [UInt8]) throws(HTTPProtocolError) -> HTTPRequestHead {
    let bytes = head.span
    guard let lineEnd = endOfLine(bytes, from: 0) else { throw bad("the request line has no end") }
    let (method, target, version) = try requestLine(bytes, 0..<lineEnd)
    let fields = try self.fields(head, from: lineEnd + 2)
    let (path, segments, query) = try split(target, method)
    let request = HTTPRequestHead(
      method: method, target: target, path: path, segments: segments, query: query, version: version, fields: fields)
    try checkHost(request)
    return request
  }

  private func requestLine(
    _ bytes: Span<UInt8>, _ line: Range<Int>
  ) throws(HTTPProtocolError) -> (String, String, HTTPRequestHead.Version) {
    var spaces: [Int] = []
    for index in line {
      let byte = bytes[index]
      if byte == Ascii.space { spaces.append(index) }
      guard byte > 0x20 || byte == Ascii.space, byte != 0x7F else { throw bad("control byte in the request line") }
      // RFC 3986 section 2: a URL is ASCII. Beside other characters a `/` could be read as part of one of them.
      guard byte < 0x80 else { throw bad("a byte in the request line that must be percent-encoded") }
    }
    guard spaces.count == 2 else { throw bad("the request line is not 'METHOD target HTTP/1.1'") }
    let method = line.lowerBound..<spaces[0]
    let target = (spaces[0] + 1)..<spaces[1]
    guard !method.isEmpty, method.allSatisfy({ isTokenByte(bytes[$0]) }) else { throw bad("bad method") }
    guard !target.isEmpty else { throw bad("empty request target") }
    guard target.count <= limits.target else {
      throw HTTPProtocolError(.targetTooLong, "the request target is longer than \(limits.target) bytes")
    }
    let version = try self.version(bytes, (spaces[1] + 1)..<line.upperBound)
    return (bytes.text(in: method), bytes.text(in: target), version)
  }

  private func version(
    _ bytes: Span<UInt8>, _ range: Range<Int>
  ) throws(HTTPProtocolError) -> HTTPRequestHead.Version {
    if bytes.matches(range, "HTTP/1.1") { return .http11 }
    if bytes.matches(range, "HTTP/1.0") { return .http10 }
    let text = bytes.text(in: range)
    guard text.hasPrefix("HTTP/"), text.utf8.count == 8 else { throw bad("bad HTTP version") }
    throw HTTPProtocolError(.versionNotSupported, "only HTTP/1.1 and HTTP/1.0 are supported")
  }

  private func split(
    _ target: String, _ method: String
  ) throws(HTTPProtocolError) -> (path: String, segments: [String], query: String?) {
    // Most targets are a plain path.
    if target.utf8.first == slash, !target.utf8.contains(where: { $0 == Ascii.percent || $0 == questionMark }) {
      return (target, target.utf8.split(separator: slash).map { String(Substring($0)) }, nil)
    }
    var origin = target[...]
    if !origin.hasPrefix("/") {
      // absolute-form (RFC 9112 section 3.2.2): the authority is taken from the Host field
      for scheme in ["http://", "https://"] where origin.lowercased().hasPrefix(scheme) {
        origin = origin.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
        if !origin.hasPrefix("/") { origin = "/" + origin }
        break
      }
    }
    // asterisk-form (RFC 9112 section 3.2.4): OPTIONS of the whole server, and nothing else
    if target == "*", method == "OPTIONS" { return (target, [], nil) }
    guard origin.hasPrefix("/") else { throw bad("bad request target") }
    let parts = origin.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let path = PercentEncoding.decode(String(parts[0])) else {
      throw bad("the path has a percent-escape that does not decode")
    }
    let segments = parts[0].split(separator: "/").compactMap { PercentEncoding.decode(String($0)) }
    return (path, segments, parts.count > 1 ? String(parts[1]) : nil)
  }

  private func fields(_ head: [UInt8], from start: Int) throws(HTTPProtocolError) -> HTTPFields {
    let bytes = head.span
    var entries: [HTTPFields.Entry] = []
    var position = start
    while position < bytes.count {
      guard let end = endOfLine(bytes, from: position) else { throw bad("a header line has no end") }
      entries.append(try field(bytes, position..<end))
      guard entries.count <= limits.fields else {
        throw HTTPProtocolError(.headTooLarge, "more than \(limits.fields) header fields")
      }
      position = end + 2
    }
    return HTTPFields(bytes: head, entries: entries)
  }

  private func field(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPProtocolError) -> HTTPFields.Entry {
    guard let colon = line.first(where: { bytes[$0] == Ascii.colon }) else { throw bad("a header line has no colon") }
    // A name that begins with a blank is obs-fold; one that ends in a blank is read differently by different servers.
    let name = line.lowerBound..<colon
    guard !name.isEmpty, name.allSatisfy({ isTokenByte(bytes[$0]) }) else { throw bad("bad header field name") }
    var value = (colon + 1)..<line.upperBound
    while let first = value.first, bytes[first] == Ascii.space || bytes[first] == Ascii.tab {
      value = (first + 1)..<value.upperBound
    }
    while let last = value.last, bytes[last] == Ascii.space || bytes[last] == Ascii.tab {
      value = value.lowerBound..<last
    }
    for index in value {
      let byte = bytes[index]
      guard byte >= 0x20 || byte == Ascii.tab, byte != 0x7F else { throw bad("control byte in a header field") }
    }
    return HTTPFields.Entry(name: name, value: value)
  }

  private func checkHost(_ request: HTTPRequestHead) throws(HTTPProtocolError) {
    let hosts = request.fields.all("host").count
    guard hosts <= 1, hosts == 1 || request.version == .http10 else { throw bad("exactly one Host field is required") }
  }

  /// The place of the CRLF that ends the line; a CR or LF alone is an error.
  private func endOfLine(_ bytes: Span<UInt8>, from start: Int) -> Int? {
    var index = start
    while index + 1 < bytes.count {
      if bytes[index] == Ascii.carriageReturn && bytes[index + 1] == Ascii.lineFeed { return index }
      if bytes[index] == Ascii.lineFeed { return nil }
      index += 1
    }
    return nil
  }

  private func bad(_ message: String) -> HTTPProtocolError { HTTPProtocolError(.badRequest, message) }
}

private let slash = UInt8(ascii: "/")
private let questionMark = UInt8(ascii: "?")

/// tchar of RFC 9110 section 5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
  if Ascii.isLetter(byte) || Ascii.isDigit(byte) { return true }
  switch byte {
  case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
    UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
    UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
    return true
  default: return false
  }
}
