import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API

@Reactor
struct HostGuardMiddlewareTests {
  private let middleware = HostGuardMiddleware(
    allowedHosts: ["box.example"], allowedOrigins: ["https://app.example"])

  private func status(_ path: String, host: String, origin: String? = nil) throws -> Int {
    let request = try HTTPRequest.of("GET", path, origin.map { ["Origin: \($0)"] } ?? [], host: host)
    let context = RequestContext.detached()
    do {
      return try middleware.intercept(request.head, context)?.head.status.rawValue ?? 200
    } catch let error as HTTPError {
      #expect(error.code == "host_not_allowed")
      return error.status.rawValue
    }
  }

  @Test(
    "local names, addresses and listed hosts are served, others are not",
    arguments: [
      ("localhost", 200), ("localhost:3000", 200), ("LOCALHOST:1", 200), ("app.localhost:3000", 200),
      ("127.0.0.1:3000", 200), ("192.168.1.5", 200), ("[::1]:3000", 200), ("[fe80::1]", 200), ("box.example", 200),
      ("Box.Example:3000", 200), ("evil.example", 403), ("evil.example:3000", 403), ("localhost.evil.example", 403),
      ("127.0.0.1.evil.example", 403), ("1.2.3.4.5", 403), ("300.1.1.1", 403), ("xlocalhost", 403),
    ])
  func hosts(host: String, expected: Int) throws {
    #expect(try status("/v1/models", host: host) == expected)
  }

  @Test(
    "the server's own and listed origins are served, others are not",
    arguments: [
      ("http://localhost:3000", 200), ("https://app.example", 200), ("https://APP.example", 200),
      ("http://localhost:8080", 403), ("http://localhost", 403), ("https://evil.example", 403), ("null", 403),
      ("http://app.example", 403),
    ])
  func origins(origin: String, expected: Int) throws {
    #expect(try status("/v1/models", host: "localhost:3000", origin: origin) == expected)
  }

  @Test("probes are served under any host name, details are not")
  func health() throws {
    #expect(try status("/health", host: "probe.example") == 403)
    #expect(try status("/health", host: "localhost:3000") == 200)
    #expect(try status("/health", host: "localhost:3000", origin: "https://evil.example") == 403)
    #expect(try status("/health/ready", host: "probe.example") == 200)
    #expect(try status("/health/live", host: "probe.example", origin: "https://evil.example") == 200)
    #expect(try status("/healthy", host: "probe.example") == 403)
  }
}
