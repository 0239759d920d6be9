/// A request and its response, as far as the connection is concerned.
struct HTTP1Exchange: Sendable {
  let isHead: Bool
  /// Whether a response body of unknown length is chunked. For an HTTP/1.0 client it ends with the connection.
  let isChunked: Bool
  /// Whether the client waits for 100 before it sends its body.
  var expectsContinue: Bool
  let length: HTTPBodyLength
  let startedAt: ContinuousClock.Instant?
  /// Whether another request may follow on the connection.
  var keepsAlive: Bool
  var body = HTTP1Body(limit: 0, since: nil)
  /// Whether the client was probed. Once is enough: its reaction to a probe can look like the reason for another.
  var wasProbed = false

  init(_ head: HTTPRequestHead, _ length: HTTPBodyLength, keepsAlive: Bool, at now: ContinuousClock.Instant) {
    isHead = head.method == "HEAD"
    isChunked = head.version == .http11
    expectsContinue = length != .known(0) && head.expectsContinue
    self.length = length
    startedAt = now
    self.keepsAlive = keepsAlive
  }

  private init() {
    (isHead, isChunked, expectsContinue, keepsAlive) = (false, true, false, false)
    (length, startedAt) = (.known(0), nil)
  }

  /// A request whose head cannot be read.
  static let unreadable = HTTP1Exchange()
}

/// The progress of a request's body.
struct HTTP1Body: Sendable {
  private let limit: Int
  /// When it began; later by the time it was paused.
  private var since: ContinuousClock.Instant?
  private var pausedAt: ContinuousClock.Instant?
  /// Bytes so far, framing excluded.
  private(set) var count = 0

  /// - Parameter limit: the longest body, in bytes.
  init(limit: Int, since: ContinuousClock.Instant?) {
    self.limit = limit
    self.since = since
  }

  var isPaused: Bool { pausedAt != nil }

  /// - Throws: 413 beyond the limit.
  mutating func take(_ bytes: Int) throws(HTTPProtocolError) {
    count += bytes
    guard count <= limit else {
      throw HTTPProtocolError(.contentTooLarge, "the request body is longer than \(limit) bytes")
    }
  }

  mutating func pause(_ now: ContinuousClock.Instant) {
    if pausedAt == nil { pausedAt = now }
  }

  mutating func resume(_ now: ContinuousClock.Instant) {
    if let pausedAt { since = since.map { $0 + (now - pausedAt) } }
    pausedAt = nil
  }

  /// The latest time for more of it: after a silence, or when it is slower on average than a body may be.
  func deadline(_ now: ContinuousClock.Instant, _ limits: HTTP1Limits) -> ContinuousClock.Instant {
    let silence = now + limits.bodyTimeout
    guard let since else { return silence }
    let earned: Duration = .milliseconds(count * 1000 / limits.bodyRate)
    return min(silence, since + limits.bodyGrace + earned)
  }
}
