import HTTP

/// The kind of body that a route accepts.
public enum RequestBodyKind: Sendable, Equatable {
  /// None: a short body is read and dropped, a longer one refused.
  case none
  /// Any, up to the limit of bodies.
  case bytes
  /// JSON in UTF-8, up to the limit of bodies. A request without a content type is accepted as JSON.
  case json
  /// Any, read piece by piece; up to `limit` bytes.
  case stream(limit: Int)

  var isStreamed: Bool { if case .stream = self { true } else { false } }
  /// Whether its bytes are held until the request is complete.
  var isHeld: Bool {
    switch self {
    case .bytes, .json: true
    case .none, .stream: false
    }
  }

  /// Checks what the head declares about the body.
  ///
  /// - Throws: `HTTPError` 413 for a body that is too long, 415 for another content type or coding.
  func check(_ head: HTTPRequestHead, _ length: HTTPBodyLength, _ limits: ServerLimits) throws {
    if case .known(let count) = length, count > limit(limits) { throw HTTPError.bodyTooLarge(limit(limits)) }
    if case .json = self { try RequestBodyKind.checkType(head.fields) }
  }

  /// The longest body, in bytes.
  func limit(_ limits: ServerLimits) -> Int {
    switch self {
    case .none: limits.unwantedBody
    case .bytes, .json: limits.http.body
    case .stream(let limit): limit
    }
  }

  private static func checkType(_ fields: HTTPFields) throws {
    if let coding = fields["content-encoding"], coding.lowercased() != "identity" {
      throw unsupported("Content-Encoding \(coding) is not supported")
    }
    guard let type = fields["content-type"] else { return }
    let parts = type.lowercased().split(separator: ";").map { $0.filter { !$0.isWhitespace } }
    let media = parts.first ?? ""
    guard media == "application/json" || media.hasSuffix("+json") else {
      throw unsupported("Content-Type must be application/json, not \(type)")
    }
    for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
      let charset = parameter.dropFirst(8).filter { $0 != "\"" }
      guard charset == "utf-8" || charset == "utf8" else { throw unsupported("The only charset of JSON is UTF-8") }
    }
  }

  private static func unsupported(_ message: String) -> HTTPError {
    HTTPError(
      .unsupportedMediaType, type: "invalid_request_error", code: "unsupported_media_type", message: message)
  }
}

extension HTTPError {
  /// 413.
  static func bodyTooLarge(_ limit: Int) -> HTTPError {
    HTTPError(HTTPProtocolError(.contentTooLarge, "the request body is longer than \(limit) bytes"))
  }
}
