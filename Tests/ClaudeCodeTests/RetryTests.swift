import TestSupport
import Testing

@testable import ClaudeCode

struct RetryTests {
  @Test(
    "a retry announcement is decoded", arguments: [("429", 429), ("null", nil), ("\"x\"", nil)] as [(String, Int?)])
  func reading(status: String, expected: Int?) throws {
    let retry = try #require(read(CLILine.retry(status, delay: 1234)))
    #expect(retry.status == expected)
    #expect(retry.delay == .milliseconds(1234))
  }

  @Test("recorded retry announcements are decoded", arguments: [("retry-429", 429), ("error-401", 401)])
  func recorded(name: String, status: Int) throws {
    let lines = Recording("cli-2.1.329/\(name)").lines
    let retries = lines.compactMap { read(String(decoding: $0, as: UTF8.self)) }
    #expect(retries.map(\.status) == [status])
    #expect(retries.allSatisfy { $0.delay > .milliseconds(400) && $0.delay < .milliseconds(700) })
  }

  @Test(
    "other lines are no announcements",
    arguments: [CLILine.initLine, #"{"type":"user","subtype":"api_retry"}"#, #"{"type":"system"}"#, CLILine.result()])
  func others(line: String) {
    #expect(read(line) == nil)
  }

  @Test("rejected credentials end the turn at once, whatever the timeout", arguments: [401, 403])
  func credentials(status: Int) throws {
    let retry = try #require(read(CLILine.retry("\(status)", delay: 1)))
    #expect(
      retry.verdict(waited: .zero, timeout: .seconds(3600))
        == ClaudeError(
          .upstream(status: status), "The upstream refused the credentials (\(status))", reachedCLI: true))
  }

  @Test("other retries are awaited up to the timeout", arguments: [-1, 0, 1])
  func timeout(excess: Int) throws {
    let retry = try #require(read(CLILine.retry("429", delay: 2000)))
    let verdict = retry.verdict(waited: .milliseconds(3000 + excess), timeout: .seconds(5))
    #expect(
      verdict
        == (excess > 0
          ? ClaudeError(.upstream(status: 429), "The upstream answers with status 429", reachedCLI: true) : nil))
  }

  @Test("without a timeout the first retry ends the turn with its status, or 502")
  func noTimeout() throws {
    let overloaded = try #require(read(CLILine.retry("529", delay: 1)))
    #expect(overloaded.verdict(waited: .zero, timeout: .zero)?.kind == .upstream(status: 529))
    let unreachable = try #require(read(CLILine.retry("null", delay: 1)))
    #expect(
      unreachable.verdict(waited: .zero, timeout: .zero)
        == ClaudeError(.upstream(status: 502), "The upstream cannot be reached", reachedCLI: true))
  }

  private func read(_ line: String) -> Retry? {
    let bytes = Array(line.utf8)
    guard let message = StreamMessage(scanning: bytes.span) else { return nil }
    return Retry(message, bytes.span)
  }
}
