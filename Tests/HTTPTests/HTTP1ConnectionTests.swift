import Bytes
import Testing

@testable import HTTP

struct HTTP1ConnectionTests {
  private static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
  private static let post = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
  private static let chunked =
    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"

  private static func post(_ fields: String) -> String { "POST /b HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n" }

  private static func response(_ body: String, _ status: String = "200 OK", close: Bool = false) -> String {
    "HTTP/1.1 \(status)\r\n\(close ? "connection: close\r\n" : "")date: now\r\ncontent-length: \(body.utf8.count)"
      + "\r\n\r\n\(body)"
  }

  // MARK: Requests

  @Test("pipelined requests are answered in order, each after the one before")
  func pipeline() {
    let conversation = HTTP1Conversation()
    conversation.receive(Self.get + Self.post + Self.chunked)
    #expect(conversation.events == ["GET /a", "POST /b", "body abc", "POST /c", "body def"])
    #expect(conversation.output == Self.response("") + Self.response("abc") + Self.response("def"))
    #expect(conversation.isIdle)
  }

  @Test("the next request waits for the response to the one before")
  func order() {
    let conversation = HTTP1Conversation(.hold)
    conversation.receive(Self.get + Self.get)
    #expect(conversation.events == ["GET /a"])
    conversation.respond("1")
    conversation.process()
    #expect(conversation.events == ["GET /a", "GET /a"])
    #expect(conversation.output == Self.response("1"))
  }

  private static let everything = get + post + chunked + "\r\n" + get + "BAD\r\n\r\n" + get

  @Test("the same events and bytes come of any split")
  func splits() {
    let bytes = Array(Self.everything.utf8)
    let whole = HTTP1Conversation()
    whole.receive(bytes)
    #expect(
      whole.events
        == ["GET /a", "POST /b", "body abc", "POST /c", "body def", "GET /a", "failure 400"])
    for cut in 0...bytes.count {
      let conversation = HTTP1Conversation()
      conversation.receive(Array(bytes[..<cut]))
      conversation.receive(Array(bytes[cut...]))
      #expect(conversation.events == whole.events, "cut at \(cut)")
      #expect(conversation.output == whole.output, "cut at \(cut)")
    }
    let trickle = HTTP1Conversation()
    for byte in bytes { trickle.receive([byte]) }
    #expect(trickle.events == whole.events)
    #expect(trickle.output == whole.output)
  }

  @Test("a client that expects it is asked for the body, unless the body is there")
  func expectation() {
    let head = Self.post("Expect: 100-continue\r\nContent-Length: 1")
    let asked = HTTP1Conversation()
    asked.receive(head)
    #expect(asked.output == "HTTP/1.1 100 Continue\r\n\r\n")
    asked.receive("x")
    #expect(asked.output == "HTTP/1.1 100 Continue\r\n\r\n" + Self.response("x"))
    let sent = HTTP1Conversation()
    sent.receive(head + "x")
    #expect(sent.output == Self.response("x"))
    let refused = HTTP1Conversation(.refuse)
    refused.receive(head)
    #expect(refused.output == Self.response("no", "401 Unauthorized", close: true))
    #expect(refused.isLingering)
  }

  @Test("a body beyond its limit is a 413, and the connection ends", arguments: [-1, 0, 1])
  func bodyLimit(over: Int) {
    let conversation = HTTP1Conversation(.echo(limit: 10))
    conversation.receive(Self.post("Content-Length: \(10 + over)") + String(repeating: "x", count: 10 + over))
    #expect(conversation.statuses == [over > 0 ? "413" : "200"])
    #expect(conversation.isLingering == (over > 0))
  }

  // MARK: Responses

  @Test("an HTTP/1.0 request, and one that says close, are the last", arguments: ["1.0", "1.1"])
  func last(version: String) {
    let field = version == "1.1" ? "Connection: close\r\n" : ""
    let conversation = HTTP1Conversation()
    conversation.receive("GET /a HTTP/\(version)\r\nHost: x\r\n\(field)\r\n" + Self.get)
    #expect(conversation.events == ["GET /a"])
    #expect(conversation.output == Self.response("", close: true))
    conversation.send()
    #expect(conversation.events == ["GET /a", "finishSending"])
    conversation.finishSending()
    #expect(conversation.events.last == "close")
  }

  @Test("a streamed body is chunked for HTTP/1.1, and ends with the connection for HTTP/1.0", arguments: [true, false])
  func streaming(isChunked: Bool) {
    let conversation = HTTP1Conversation(.hold)
    conversation.receive("GET /a HTTP/\(isChunked ? "1.1" : "1.0")\r\nHost: x\r\n\r\n")
    let hasBody = conversation.begin()
    #expect(hasBody == true)
    conversation.write("one")
    conversation.write("two")
    conversation.end()
    let fields = isChunked ? "date: now\r\ntransfer-encoding: chunked" : "connection: close\r\ndate: now"
    let body = isChunked ? "00000006\r\nonetwo\r\n0\r\n\r\n" : "onetwo"
    #expect(conversation.output == "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n\(body)")
    #expect(conversation.isIdle == isChunked)
  }

  @Test("a HEAD request gets heads only")
  func head() {
    let request = "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"
    let conversation = HTTP1Conversation(.hold)
    conversation.receive(request + request)
    conversation.respond("four")
    conversation.process()
    #expect(conversation.output == "HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 4\r\n\r\n")
    let hasBody = conversation.begin()
    #expect(hasBody == false)
    #expect(conversation.output.hasSuffix("\r\ntransfer-encoding: chunked\r\n\r\n"))
  }

  @Test("a response needs a request, and there is one for each")
  func noRequest() {
    let conversation = HTTP1Conversation(.hold)
    conversation.respond("x")
    let hasBody = conversation.begin()
    #expect(hasBody == nil)
    conversation.receive(Self.get)
    conversation.respond("y")
    conversation.respond("z")
    #expect(conversation.events == ["no response possible", "GET /a", "no response possible"])
    #expect(conversation.output == Self.response("y"))
  }

  @Test("the rest of a short body is dropped after an early response; a long one costs the connection")
  func unwanted() {
    var limits = HTTP1Limits()
    limits.unwantedBody = 10
    for (count, isKept) in [(9, true), (10, true), (11, false)] {
      let conversation = HTTP1Conversation(.refuse, limits: limits)
      conversation.receive(Self.post("Content-Length: \(count)") + String(repeating: "x", count: count) + Self.get)
      #expect(conversation.events == (isKept ? ["POST /b", "GET /a"] : ["POST /b"]), "\(count)")
      #expect(conversation.isLingering == !isKept)
    }
  }

  @Test("a draining connection closes when it is idle, or after its response")
  func draining() {
    let idle = HTTP1Conversation()
    idle.drain()
    #expect(idle.events == ["close"])
    let busy = HTTP1Conversation(.hold)
    busy.receive(Self.get)
    busy.drain()
    busy.respond("x")
    #expect(busy.events == ["GET /a"])
    #expect(busy.output == Self.response("x", close: true) && busy.isLingering)
  }

  // MARK: The client's end

  @Test("a client that finishes before a request is complete is gone; after it, it gets its response")
  func peerFinished() {
    for text in ["", "GET /", Self.post("Content-Length: 3") + "ab"] {
      let conversation = HTTP1Conversation()
      conversation.receive(text)
      conversation.finishSending()
      #expect(conversation.events.last == "close", "\(text)")
    }
    let waiting = HTTP1Conversation(.hold)
    waiting.receive(Self.get)
    waiting.finishSending()
    #expect(waiting.events == ["GET /a", "probe"])
    _ = waiting.probe()
    #expect(waiting.output == "HTTP/1.1 102 Processing\r\n\r\n")
    waiting.finishSending()
    #expect(waiting.events == ["GET /a", "probe"])
    waiting.respond("x")
    #expect(waiting.isLingering)
    let streaming = HTTP1Conversation(.hold)
    streaming.receive(Self.get)
    _ = streaming.begin()
    streaming.finishSending()
    #expect(streaming.events == ["GET /a", "probe"])
    let added = [streaming.probe([]), streaming.probe([120])]
    #expect(added == [0, 11] && streaming.output.hasSuffix("x\r\n"))
  }

  @Test("after the last response so many bytes are dropped, and one more closes the connection", arguments: [-1, 0, 1])
  func lingering(over: Int) {
    var limits = HTTP1Limits()
    limits.lingerBytes = 20
    let conversation = HTTP1Conversation(.refuse, limits: limits)
    conversation.receive("GET /a HTTP/1.0\r\n\r\n")
    conversation.receive(String(repeating: "x", count: 20 + over))
    #expect(conversation.events == (over > 0 ? ["GET /a", "close"] : ["GET /a"]))
  }

  // MARK: Deadlines

  private static func refusal(_ part: String) -> String {
    "refuse(HTTP.HTTPProtocolError(status: HTTP.HTTPStatus(rawValue: 408), message: \"the request \(part) did not arrive in time\"))"
  }

  /// What happens at a limit of time, less a nanosecond and at it.
  private func check(
    _ limit: Duration, _ action: String, _ prepare: () -> HTTP1Conversation,
    location: SourceLocation = #_sourceLocation
  ) {
    let conversation = prepare()
    let before = conversation.events
    conversation.advance(limit - .nanoseconds(1))
    #expect(conversation.events == before, sourceLocation: location)
    conversation.advance(.nanoseconds(1))
    #expect(conversation.events == before + [action], sourceLocation: location)
  }

  @Test("each phase has its deadline")
  func deadlines() {
    let limits = HTTP1Limits()
    check(limits.idleTimeout, "close") { HTTP1Conversation() }
    check(limits.headTimeout, Self.refusal("head")) {
      let conversation = HTTP1Conversation()
      conversation.receive("G")
      return conversation
    }
    check(limits.bodyTimeout, Self.refusal("body")) {
      let conversation = HTTP1Conversation()
      conversation.receive(Self.post("Content-Length: 3") + "a")
      return conversation
    }
    check(limits.stallTimeout, "close") {
      let conversation = HTTP1Conversation(.hold)
      conversation.receive(Self.get)
      _ = conversation.begin()
      conversation.write("x")
      conversation.send(1)
      return conversation
    }
    check(limits.idleTimeout, "close") {
      let conversation = HTTP1Conversation()
      conversation.receive("GET /a HTTP/1.0\r\n\r\n")
      return conversation
    }
    check(limits.lingerTimeout, "close") {
      let conversation = HTTP1Conversation()
      conversation.receive("GET /a HTTP/1.0\r\n\r\n")
      conversation.send()
      return conversation
    }
  }

  @Test("a trickle of bytes does not extend the time of a head, nor, when it is too slow, that of a body")
  func trickle() {
    var limits = HTTP1Limits()
    let head = HTTP1Conversation(limits: limits)
    head.receive("G")
    for byte in "ET / HTT" {
      head.advance(.seconds(1))
      head.receive(String(byte))
    }
    head.advance(.seconds(1))
    #expect(head.events == [])
    head.advance(.seconds(1))
    #expect(head.events == [Self.refusal("head")])
    (limits.bodyRate, limits.bodyGrace) = (1, .seconds(5))
    let body = HTTP1Conversation(limits: limits)
    body.receive(Self.post("Content-Length: 100") + "xx")
    body.advance(.seconds(6))
    body.receive("x")
    body.advance(.seconds(1))
    #expect(body.events == ["POST /b"])
    body.advance(.seconds(1))
    #expect(body.events == ["POST /b", Self.refusal("body")])
  }

  @Test("a waiting response and a connection that is being closed have no deadline")
  func noDeadline() {
    let conversation = HTTP1Conversation(.hold)
    conversation.receive(Self.get)
    conversation.advance(.seconds(100_000))
    #expect(conversation.events == ["GET /a"])
  }

  // MARK: Congestion

  @Test("a source is asked to continue once, when the output has drained")
  func congestion() {
    var limits = HTTP1Limits()
    (limits.outputHighWater, limits.outputLowWater) = (100, 50)
    var http = HTTP1Connection(HTTP1Limits.Shared(limits), at: .now)
    _ = http.receive(Array(Self.get.utf8).span)
    var none: [UInt8] = []
    _ = http.next(into: &none, at: .now)
    _ = http.accept(limit: 0, at: .now)
    _ = http.beginResponse(HTTPResponseHead(.ok), date: "", at: .now)
    _ = http.didSend(http.output.count, at: .now)
    let added = http.appendBody { $0.append(String(repeating: "x", count: 120)) }
    let isCongested = http.isCongested
    #expect(isCongested && added == 130)
    http.output.closeChunk()
    let drained = [http.output.count - 51, 1, 1].map { http.didSend($0, at: .now).isDrained }
    #expect(drained == [false, true, false])
  }

  // MARK: Paused bodies

  @Test("a paused body is not read, and no time passes for it; the client is asked for it when it is read")
  func pausedBody() {
    let conversation = HTTP1Conversation(.pause)
    conversation.receive(Self.post("Expect: 100-continue\r\nContent-Length: 4"))
    #expect(conversation.output.isEmpty)
    conversation.advance(.seconds(1000))
    conversation.resumeBody()
    #expect(conversation.output == "HTTP/1.1 100 Continue\r\n\r\n")
    conversation.receive("ab")
    conversation.pauseBody()
    conversation.receive("cd")
    conversation.advance(.seconds(1000))
    #expect(conversation.events == ["POST /b"])
    conversation.resumeBody()
    #expect(conversation.events == ["POST /b", "body abcd"])
  }

  @Test("a paused body wants only so many bytes more", arguments: [-1, 0, 1])
  func pausedInput(over: Int) {
    var limits = HTTP1Limits()
    limits.pipelinedBytes = 10
    let conversation = HTTP1Conversation(.pause, limits: limits)
    conversation.receive(Self.post("Content-Length: 100") + String(repeating: "x", count: 10 + over))
    #expect(conversation.wantsInput == (over < 0))
  }

  @Test("a client that finishes while its body is paused is not gone")
  func pausedEnd() {
    let conversation = HTTP1Conversation(.pause)
    conversation.receive(Self.post("Content-Length: 4") + "abcd")
    conversation.finishSending()
    #expect(conversation.events == ["POST /b"])
    conversation.resumeBody()
    #expect(conversation.events == ["POST /b", "body abcd"])
  }

  @Test("a response may come before the body is read")
  func earlyResponse() {
    let conversation = HTTP1Conversation(.pause)
    conversation.receive(Self.post("Content-Length: 4") + "ab")
    conversation.respond("x")
    conversation.receive("cd" + Self.get)
    #expect(conversation.events == ["POST /b", "GET /a"])
    #expect(conversation.output == Self.response("x"))
  }

  // MARK: Upgrades

  private static let upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n"

  @Test("an upgrade hands over the bytes behind the request")
  func upgraded() {
    let conversation = HTTP1Conversation(.hold)
    conversation.receive(Self.upgrade + "early")
    let early = conversation.upgrade()
    #expect(early == "early")
    #expect(conversation.output == "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n")
    conversation.advance(.seconds(100_000))
    #expect(conversation.events == ["GET /ws"] && conversation.isUpgraded)
  }

  @Test(
    "a request that did not ask for an upgrade, or has a body, cannot be upgraded",
    arguments: [
      get, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n\r\n",
      "GET / HTTP/1.0\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\nContent-Length: 1\r\n\r\nx",
    ])
  func notUpgraded(request: String) {
    let conversation = HTTP1Conversation(.hold)
    conversation.receive(request)
    let early = conversation.upgrade()
    #expect(early == nil)
    conversation.respond("x")
    #expect(conversation.statuses == ["200"])
  }
}
