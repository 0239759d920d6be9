import EventLoop
import Glibc
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

/// Every size a request can have and every time it may take, asked for over a connection just below its limit, at it and
/// just above.
@Reactor
@Suite(.bounded)
struct LimitTableTests {
  struct Limit: Sendable {
    let name: String
    let value: Int
    /// What is answered one above it.
    let refusal: Int
    /// A request of a given size.
    let request: @Sendable (Int) -> String
  }

  nonisolated static let limits: ServerLimits = {
    var limits = ServerLimits()
    limits.http.body = 100_000
    return limits
  }()

  nonisolated static let rows: [Limit] = [
    Limit(name: "target", value: limits.http.target, refusal: 414) { size in
      "GET /\(filler(size - 1)) HTTP/1.1\r\nHost: x\r\n\r\n"
    },
    Limit(name: "head", value: limits.http.head, refusal: 431) { size in
      let frame = "GET / HTTP/1.1\r\nHost: x\r\nx-filler: \r\n\r\n"
      return "GET / HTTP/1.1\r\nHost: x\r\nx-filler: \(filler(size - frame.utf8.count))\r\n\r\n"
    },
    Limit(name: "fields", value: limits.http.fields, refusal: 431) { count in
      "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "a: b\r\n", count: count - 1))\r\n"
    },
    Limit(name: "body, declared", value: limits.http.body, refusal: 413) { size in
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n\(filler(size))"
    },
    Limit(name: "body, chunked", value: limits.http.body, refusal: 413) { size in
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "a\r\n0123456789\r\n\(String(size - 10, radix: 16))\r\n\(filler(size - 10))\r\n0\r\n\r\n"
    },
    Limit(name: "chunk line", value: limits.http.chunkLine, refusal: 400) { size in
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "1;\(filler(size - 4))\r\na\r\n0\r\n\r\n"
    },
    Limit(name: "trailer fields", value: limits.http.chunkLine, refusal: 400) { size in
      // In two lines, or the limit of one line would speak first.
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "0\r\na: \(filler(size / 2 - 3))\r\nb: \(filler(size - size / 2 - 3))\r\n\r\n"
    },
  ]

  nonisolated static func filler(_ count: Int) -> String { String(repeating: "f", count: count) }

  @Test("each size has its limit, and the answer above it is an error in JSON", arguments: rows)
  func row(limit: Limit) async throws {
    let statuses = try await LimitTable.row(limit.name, limit.value) { offset in
      let server = try TestServer.echoingPaths(limits: Self.limits)
      let client = try server.connect()
      client.send(limit.request(limit.value + offset))
      let response = try await client.response()
      if offset == 1 {
        #expect(response.text.hasPrefix("{\"error\":{\"message\":\""))
        #expect(response["connection"] == "close")
      }
      client.close()
      server.close()
      return response.status
    }
    #expect(statuses == [200, 200, limit.refusal])
  }

  @Test("how many connections there may be")
  func connections() async throws {
    var limits = ServerLimits()
    limits.connections = 100
    let outcomes = try await LimitTable.row("connections", limits.connections) { offset in
      let server = try TestServer.echoingPaths(limits: limits)
      let clients = try (0..<(limits.connections + offset)).map { _ in try server.connect() }
      for client in clients { client.send(get("/")) }
      var statuses: [Int] = []
      for client in clients { statuses.append(try await client.response().status) }
      for client in clients { client.close() }
      server.close()
      return "\(statuses.count { $0 == 200 }) served, \(statuses.count { $0 == 503 }) refused"
    }
    #expect(outcomes == ["99 served, 0 refused", "100 served, 0 refused", "100 served, 1 refused"])
  }

  @Test("how much may wait to be sent before a source is asked to pause")
  func outputHighWater() async throws {
    let limit = ServerLimits().outputHighWater
    let outcomes = try await LimitTable.row("unsent bytes", limit) { offset in
      let body = RecordingBody()
      let server = try TestServer { _, _ in .eventStream(body) }
      let client = try server.connect()
      client.send(get("/"))
      await until { body.events == [.started] && client.text.hasSuffix("\r\n\r\n") }
      // Within one turn nothing is sent yet. The chunk's head of ten bytes counts too.
      body.write(String(repeating: "b", count: limit - 10 + offset))
      let isCongested = body.writer?.isCongested
      body.finish()
      #expect(try await client.response().body.count == limit - 10 + offset)
      client.close()
      server.close()
      return isCongested == true ? "pause" : "go on"
    }
    #expect(outcomes == ["go on", "go on", "pause"])
  }

  @Test("how much of further requests is read while one is answered")
  func readAhead() async throws {
    let limit = ServerLimits().pipelinedBytes
    let outcomes = try await LimitTable.row("bytes read ahead", limit) { offset in
      let gate = Gate()
      let server = try TestServer { _, _ in
        await gate.opened()
        return .text("")
      }
      var ends: [Int32] = [-1, -1]
      let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
      try #require(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
      let client = try TestClient(ends[1])
      server.server.adopt(ends[0], peer: "client:1")
      client.send(get("/"))
      await until { server.requests.count == 1 }
      client.send(Self.filler(limit + offset))
      try await server.settle()
      client.send("x")
      try await server.settle()
      var left = [UInt8](repeating: 0, count: 16)
      let count = unsafe recv(ends[0], &left, left.count, Int32(MSG_PEEK | MSG_DONTWAIT))
      gate.open()
      client.close()
      server.close()
      return count < 0 ? "all read" : "\(count) left"
    }
    #expect(outcomes == ["all read", "1 left", "2 left"])
  }

  @Test("how much is dropped while a client's end is awaited")
  func lingerBytes() async throws {
    let limit = Self.limits.lingerBytes
    let outcomes = try await LimitTable.row("bytes dropped in the end", limit) { offset in
      let server = try TestServer.echoingPaths()
      let client = try server.connect()
      client.send(get("/", "Connection: close"))
      _ = await client.toTheEnd()
      client.send([UInt8](repeating: 0x61, count: limit + offset))
      await until { client.hasSentAll || server.server.connectionCount == 0 }
      try await server.settle()
      let isOpen = server.server.connectionCount == 1
      client.close()
      server.close()
      return isOpen ? "open" : "closed"
    }
    #expect(outcomes == ["open", "open", "closed"])
  }

  nonisolated static let readings = [
    ReadingHarness.Reading("fixed body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n", "a"),
    ReadingHarness.Reading("chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
    ReadingHarness.Reading("lingering", get("/", "Connection: close"), "x"),
    ReadingHarness.Reading("after a refusal", "\r\n\r\n", "\r\n"),
  ]

  @Test("how often a connection is read when its turn comes", arguments: readings)
  func readsPerTurn(reading: ReadingHarness.Reading) async throws {
    var limits = ServerLimits()
    limits.readsPerTurn = 2
    let outcomes = try await LimitTable.row("reads a turn, \(reading.testDescription)", limits.readsPerTurn) { offset in
      let harness = try await ReadingHarness(1, reading, limits)
      try harness.send(blocks: limits.readsPerTurn + offset)
      harness.connections[0].receiveInTurn()
      let left = try harness.left
      harness.close()
      return left
    }
    #expect(outcomes == ["0", "0", "1"])
  }

  @Test("how many connections are read in a turn after their first read, the longest waiting first")
  func readersPerTurn() async throws {
    var limits = ServerLimits()
    limits.readsPerTurn = 1
    let outcomes = try await LimitTable.row("readers a turn", limits.readersPerTurn) { offset in
      let harness = try await ReadingHarness(limits.readersPerTurn + offset, Self.readings[0], limits)
      try harness.send(blocks: 3)
      for connection in harness.connections { connection.descriptorIsReady(.readable) }
      let first = try harness.left
      harness.watch(turns: 3)
      await until { harness.seen.count == 3 }
      harness.close()
      return ([first] + harness.seen).joined(separator: " ")
    }
    #expect(outcomes == ["222 111 000 000", "2222 1111 0000 0000", "22222 11112 00011 00000"])
  }

  /// A time a connection has for something, and how it comes to need it.
  struct TimeLimit: Sendable {
    let name: String
    let value: Duration
    /// What the client sends; when the answer has come, or what was sent has been read, the time runs.
    let sent: String
    let isAnswered: Bool

    init(_ name: String, _ value: Duration, sent: String, isAnswered: Bool = false) {
      self.name = name
      self.value = value
      self.sent = sent
      self.isAnswered = isAnswered
    }
  }

  nonisolated static let times: [TimeLimit] = [
    TimeLimit("unused connection", limits.idleTimeout, sent: ""),
    TimeLimit("between requests", limits.idleTimeout, sent: get("/"), isAnswered: true),
    TimeLimit("head to come", limits.headTimeout, sent: "GET / HT"),
    TimeLimit(
      "silence in a body", limits.bodyTimeout, sent: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"),
    TimeLimit("client's end", limits.lingerTimeout, sent: get("/", "Connection: close"), isAnswered: true),
  ]

  @Test("each wait has its limit, and above it the connection is given up", arguments: times)
  func time(limit: TimeLimit) async throws {
    let outcomes = try await LimitTable.row(limit.name, limit.value) { offset in
      let server = try TestServer.echoingPaths()
      let client = try server.connect()
      client.send(limit.sent)
      if limit.isAnswered { _ = try await client.response() }
      try await server.settle()
      server.advance(by: limit.value + .milliseconds(offset))
      try await server.settle()
      let answers = TestResponse.parse(client.received).count
      let isOpen = server.server.connectionCount == 1 && answers == (limit.isAnswered ? 1 : 0)
      client.close()
      server.close()
      return isOpen ? "open" : "given up"
    }
    #expect(outcomes == ["open", "given up", "given up"])
  }

  @Test("how long a client may take nothing of its answer")
  func stall() async throws {
    let limit = Self.limits.stallTimeout
    let outcomes = try await LimitTable.row("client that stalls", limit) { offset in
      let body = RecordingBody()
      let server = try TestServer { _, _ in .eventStream(body) }
      let client = try server.connect()
      client.isReading = false
      client.send(get("/"))
      await until { body.events == [.started] }
      body.write(Self.filler(8 * 1024 * 1024))
      try await server.settle()
      server.advance(by: limit + .milliseconds(offset))
      let isOpen = server.server.connectionCount == 1
      client.close()
      server.close()
      return isOpen ? "open" : "given up"
    }
    #expect(outcomes == ["open", "given up", "given up"])
  }
}
