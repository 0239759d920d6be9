import Bytes

/// The length of a request's body, according to its head (RFC 9112 section 6.3).
public enum HTTPBodyLength: Sendable, Equatable {
  /// Zero if the head has no field about a body.
  case known(Int)
  /// In chunks; the last one ends it.
  case chunked

  /// - Throws: `HTTPProtocolError` 400 if two fields could disagree, 501 for a transfer coding other than `chunked`.
  init(_ head: HTTPRequestHead) throws(HTTPProtocolError) {
    let codings = head.fields.all("transfer-encoding")
    let lengths = head.fields.all("content-length")
    guard codings.isEmpty else {
      guard lengths.isEmpty, head.version == .http11 else {
        throw HTTPProtocolError(.badRequest, "Transfer-Encoding beside Content-Length, or in HTTP/1.0")
      }
      // In ASCII: the full lower case of a Kelvin sign is a `k`, and a proxy before us would not see `chunked`.
      guard codings.count == 1, codings[0].utf8.map(Ascii.lowercased).elementsEqual("chunked".utf8) else {
        throw HTTPProtocolError(.notImplemented, "the only transfer coding understood is chunked")
      }
      self = .chunked
      return
    }
    guard let first = lengths.first else {
      self = .known(0)
      return
    }
    guard lengths.allSatisfy({ $0 == first }), !first.isEmpty, first.utf8.allSatisfy(Ascii.isDigit) else {
      throw HTTPProtocolError(.badRequest, "bad Content-Length")
    }
    // Only digits: a number that does not fit is larger than any limit.
    self = .known(Int(first) ?? .max)
  }
}
