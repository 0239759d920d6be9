import Bytes

@testable import HTTP

/// An `HTTP1Connection` with a client that is a text and a server that answers by rule: what happens, line by line.
final class HTTP1Conversation {
  /// How the server of the conversation treats requests.
  enum Rule {
    /// Reads the body, up to so many bytes, and echoes it.
    case echo(limit: Int)
    /// Responds on the head.
    case refuse
    /// Leaves the request without a response.
    case hold
    /// Accepts the body and does not read it.
    case pause
  }

  static let date = "now"
  private var http: HTTP1Connection
  private(set) var now = ContinuousClock.now
  private(set) var events: [String] = []
  private var body: [UInt8] = []
  private var head: HTTPRequestHead?
  private let rule: Rule

  init(_ rule: Rule = .echo(limit: 1000), limits: HTTP1Limits = HTTP1Limits()) {
    self.rule = rule
    http = HTTP1Connection(HTTP1Limits.Shared(limits), at: now)
  }

  /// What the server has written and not sent.
  var output: String {
    var output = http.output
    output.closeChunk()
    let span = output.span
    return String(decoding: span.bytes(in: 0..<span.count), as: UTF8.self)
  }

  var isIdle: Bool { http.isIdle }
  var isLingering: Bool { http.isLingering }
  var isUpgraded: Bool { http.isUpgraded }
  var wantsInput: Bool { http.wantsInput }

  /// The statuses of the responses in the output.
  var statuses: [String] {
    output.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.1 ") }.map { String($0.dropFirst(9).prefix(3)) }
  }

  func receive(_ text: String) { receive(Array(text.utf8)) }

  func receive(_ bytes: [UInt8]) {
    if let action = http.receive(bytes.span) { events.append("\(action)") }
    process()
  }

  /// Takes events until there are no more, as the driver does.
  func process() {
    while true {
      while let event = http.next(into: &body, at: now) { take(event) }
      guard http.proceed() else { return }
    }
  }

  private func take(_ event: HTTP1Connection.Event) {
    switch event {
    case .head(let head, _):
      events.append("\(head.method) \(head.target)")
      self.head = head
      switch rule {
      case .refuse: respond("no", 401)
      case .echo(let limit): if http.accept(limit: limit, at: now) { respond("") }
      case .hold: _ = http.accept(limit: 1000, at: now)
      case .pause: _ = http.accept(limit: 1000, isPaused: true, at: now)
      }
    case .body(let isComplete):
      guard isComplete else { return }
      events.append("body \(String(decoding: body, as: UTF8.self))")
      let text = String(decoding: body, as: UTF8.self)
      body = []
      if case .echo = rule { respond(text) }
    case .failure(let error):
      events.append("failure \(error.status.rawValue)")
      body = []
      respond("bad", error.status)
    }
  }

  func respond(_ text: String, _ status: HTTPStatus = .ok) {
    if http.respond(HTTPResponseHead(status), Array(text.utf8), date: Self.date, at: now) == nil {
      events.append("no response possible")
    }
  }

  func begin() -> Bool? { http.beginResponse(HTTPResponseHead(.ok), date: Self.date, at: now) }

  func write(_ text: String) { _ = http.appendBody { $0.append(text) } }

  func end() {
    http.endBody(at: now)
    process()
  }

  /// Sends so many bytes of the output, or all.
  func send(_ count: Int? = nil) {
    http.output.closeChunk()
    if let action = http.didSend(count ?? http.output.count, at: now).action { events.append("\(action)") }
  }

  func finishSending() {
    http.notePeerFinished()
    process()
    if let action = http.peerFinished(at: now) { events.append("\(action)") }
  }

  func advance(_ duration: Duration) {
    now += duration
    if let action = http.expire(at: now) { events.append("\(action)") }
  }

  func drain() {
    http.isDraining = true
    if let action = http.closeWhenIdle(at: now) { events.append("\(action)") }
  }

  func resumeBody() {
    http.resumeBody(at: now)
    process()
  }

  func pauseBody() { http.pauseBody(at: now) }

  func upgrade() -> String? {
    var head = HTTPResponseHead(.switchingProtocols)
    head["upgrade"] = "echo"
    guard let request = self.head else { return nil }
    return http.upgrade(head, of: request).map { String(decoding: $0, as: UTF8.self) }
  }

  func probe(_ bytes: [UInt8] = []) -> Int { http.probe(bytes) }
}
