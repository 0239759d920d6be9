import EventLoop
import HTTP
import Testing

@testable import HTTPServer

/// Every size a request can have, asked for over a connection just below its limit, at it and just above, and printed
/// as the row it makes in the table of limits.
@Reactor
@Suite(.timeLimit(.minutes(1)))
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
    var statuses: [Int] = []
    for offset in [-1, 0, 1] {
      let server = try TestServer.echoingPaths(limits: Self.limits)
      let client = try server.connect()
      client.send(limit.request(limit.value + offset))
      let response = try await client.response()
      statuses.append(response.status)
      if offset == 1 {
        #expect(response.text.hasPrefix("{\"error\":{\"message\":\""))
        #expect(response["connection"] == "close")
      }
      client.close()
      server.close()
    }
    #expect(statuses == [200, 200, limit.refusal])
    let name = limit.name + String(repeating: " ", count: 16 - limit.name.count)
    print("limit \(name) \(limit.value): -1 → \(statuses[0]), 0 → \(statuses[1]), +1 → \(statuses[2])")
  }
}
