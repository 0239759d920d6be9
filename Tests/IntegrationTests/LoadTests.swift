import Bytes
import Foundation
import System
import Testing

/// Many streams at once.
@Suite(.alone)
struct LoadTests {
  @Test("200 concurrent streams of 200 tokens are exact and leave nothing behind")
  func manyStreams() async throws {
    try await ServerUnderTest.run(["LOG_LEVEL": "info"]) { server in
      // What the first requests need once, the process keeps: the runtime's own threads and descriptors among it.
      for transfer in (0..<20).map({ _ in server.start(Self.request(tokens: 2)) }) { _ = try await transfer.answer() }
      _ = try await server.send(.chat(String(repeating: "x", count: 300_000), stream: false))
      #expect(try await server.family.gone(within: .seconds(5)))
      try await server.logLine("Claude Code CLI")
      let before = Self.statistics(server)
      let transfers = (0..<Self.streams).map { _ in server.start(Self.request(tokens: Self.tokens)) }
      for transfer in transfers { try await transfer.until("w0 ") }
      let during = Self.statistics(server)
      var texts: [String] = []
      for transfer in transfers {
        let chat = try await transfer.answer().chat()
        #expect(chat.violations == [])
        #expect(chat.finishReason == "stop")
        texts.append(chat.content)
      }
      #expect(texts == Array(repeating: Self.expected, count: Self.streams))
      #expect(try await server.family.gone(within: .seconds(5)))
      let after = try await Self.settled(server, to: before.descriptors)
      print("200 streams of 200 tokens: before \(before), during \(during), after \(after)")
      if OpenDescriptors.areKnown {
        let (now, then) = (try #require(after.descriptors), try #require(before.descriptors))
        #expect(now <= then)
      } else {
        OpenDescriptors.warn()
      }
      #expect(after.zombies == 0)
      #expect(try await server.send(.get("/health")).json()["active_agents"] == 0)
    }
  }

  private static let streams = 200
  private static let tokens = 200
  private static let expected = (0..<tokens).map { "w\($0) " }.joined()

  private static func request(tokens: Int) -> ClientRequest {
    .chat("simulate: tokens=\(tokens) gap=20", stream: true)
  }

  /// What a server holds.
  private struct Figures: CustomStringConvertible {
    /// Nil if this user may not count them.
    let descriptors: Int?
    let residentKilobytes: Int
    let zombies: Int

    var description: String {
      "RSS \(residentKilobytes / 1024) MB, \(descriptors.map(String.init) ?? "?") descriptors, \(zombies) zombies"
    }
  }

  private static func statistics(_ server: ServerUnderTest) -> Figures {
    let pid = server.process.pid
    let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let resident = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return Figures(
      descriptors: OpenDescriptors.count(of: pid),
      residentKilobytes: resident.flatMap { Int($0.filter(\.isNumber)) } ?? 0,
      zombies: ProcessTable().entries.filter { $0.parent == pid && $0.isZombie }.count)
  }

  /// A closed connection is gone from the server's table when the server has read its end: /proc is looked at again.
  private static func settled(_ server: ServerUnderTest, to descriptors: Int?) async throws -> Figures {
    let deadline = ContinuousClock.now + .seconds(5)
    while true {
      let statistics = statistics(server)
      let isSettled = statistics.descriptors ?? 0 <= descriptors ?? 0 && statistics.zombies == 0
      if isSettled || ContinuousClock.now > deadline { return statistics }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
