import Bytes
import Foundation
import System
import TestSupport
import Testing

/// The pool of processes under clients that leave, and under more requests than it can take.
@Suite(.alone, .serialized)
struct PoolTests {
  /// When a client leaves.
  private enum Phase {
    case queued, beforeTheFirstByte, midStream, duringATool

    /// Of those that have a process.
    static let running: [Phase] = [.beforeTheFirstByte, .midStream, .duringATool]

    /// What the turn does.
    ///
    /// - Parameter pipe: hears of what it leaves behind, in a group of its own and deaf to SIGTERM; nil for nothing.
    func prompt(_ pipe: PidPipe?) -> String {
      let grandchild = pipe.map { "grandchild pid-file=\($0.path)" } ?? ""
      return switch self {
      case .queued: "simulate: hang"
      case .beforeTheFirstByte: "simulate: hang \(grandchild)"
      case .midStream: "simulate: tokens=100000 gap=20"
      case .duringATool: "simulate: tool=Bash preamble=1 delay=60000 \(grandchild)"
      }
    }
  }

  private static let slots = 8
  private static let settings = [
    "CLAUDE_POOL_SPARES": "1", "CLAUDE_SESSION_IDLE_MS": "600000", "CLAUDE_MAX_PROCESSES": "\(slots)",
    "CLAUDE_MAX_CONCURRENT": "\(slots)", "CLAUDE_MAX_QUEUE": "1000",
  ]

  @Test("200 clients that leave in every phase leave only idle processes and spares")
  func cancellations() async throws {
    let family = try await ServerUnderTest.run(Self.settings) { server in
      _ = try await server.send(.chat("simulate: tokens=1", stream: true))
      try await server.logLine("Claude Code CLI")
      let before = Self.descriptors(server)
      var grandchildren: Set<ProcessIdentity> = []
      for _ in 0..<10 { grandchildren.formUnion(try await Self.wave(server)) }
      #expect(grandchildren.count == 10 * 5)
      #expect(try await grandchildren.gone(within: .seconds(10)))
      try await Self.settle(server) { processes in
        // What has just ended may stand as a zombie for the moment until it is reaped.
        let left = ProcessTable().entries.filter { $0.parent == server.process.pid }
        // One for turns like these, and the two universal ones.
        return processes["spare"] == 3 && processes["live"]?.int == (processes["idle"]?.int ?? 0) + 3
          && left.count == processes["live"]?.int && left.allSatisfy { !$0.isZombie }
      }
      let processes = try await Self.processes(server)
      let live = try #require(processes["live"]?.int)
      #expect((1...Self.slots).contains(live))
      #expect(processes["crashed"] == 0)
      let left = ProcessTable().entries.filter { $0.parent == server.process.pid }
      #expect(left.count == live)
      #expect(left.allSatisfy { !$0.isZombie })
      #expect(server.family.count == live)
      // Each process has an input, an output, an error output and a handle.
      if OpenDescriptors.areKnown {
        let (now, then) = (try #require(Self.descriptors(server)), try #require(before))
        #expect(now <= then + 4 * live)
      } else {
        OpenDescriptors.warn()
      }
      print("200 cancellations: \(processes.text), descriptors \(before ?? -1) then \(Self.descriptors(server) ?? -1)")
      return server.family
    }
    #expect(try await family.gone(within: .seconds(2)))
  }

  /// A wave of 20 clients that all leave: eight with a process, twelve that wait.
  ///
  /// - Returns: what the CLIs have left behind.
  private static func wave(_ server: ServerUnderTest) async throws -> Set<ProcessIdentity> {
    let started = server.startedRuns
    var pipes: [PidPipe] = []
    var running: [(phase: Phase, transfer: CurlTransfer)] = []
    for index in 0..<slots {
      let phase = Phase.running[index % Phase.running.count]
      let pipe = phase == .midStream ? nil : try PidPipe(in: server.directory)
      if let pipe { pipes.append(pipe) }
      running.append((phase, server.start(.chat(phase.prompt(pipe), stream: true))))
    }
    try await server.logLines(started + slots, "run started")
    let queued = (0..<12).map { _ in server.start(.chat(Phase.queued.prompt(nil), stream: true)) }
    try await settle(server) { $0["queued"] == 12 }
    var found: Set<ProcessIdentity> = []
    for pipe in pipes { found.insert(try #require(try await pipe.process())) }
    for (phase, transfer) in running where phase == .midStream { try await transfer.until("w0 ") }
    // Those who wait leave first: nothing of theirs may start.
    for transfer in queued + running.map(\.transfer) { try await transfer.leave() }
    try await settle(server) { $0["running"] == 0 && $0["queued"] == 0 }
    #expect(server.startedRuns == started + slots)
    return found
  }

  // MARK: More than it can take

  @Test("of 50 concurrent turns 4 run, 20 wait in order, and 26 are rejected at once")
  func overload() async throws {
    let settings = ["CLAUDE_MAX_CONCURRENT": "4", "CLAUDE_MAX_QUEUE": "20"]
    try await ServerUnderTest.run(settings) { server in
      let pipes = try (0..<4).map { _ in try PidPipe(in: server.directory) }
      let running = pipes.map { pipe in
        server.start(.chat("simulate: grandchild pid-file=\(pipe.path) hang", stream: true))
      }
      for pipe in pipes { _ = try await pipe.process() }
      try await server.logLines(4, "run started")
      var waiting: [CurlTransfer] = []
      for number in 0..<20 {
        waiting.append(server.start(.chat("number \(number)\nsimulate: tokens=1", stream: true, [:], Self.id(number))))
        try await Self.settle(server) { $0["queued"]?.int == number + 1 }
      }
      let start = ContinuousClock.now
      let refused = (0..<26).map { _ in server.start(.chat("simulate: tokens=1", stream: true)) }
      for transfer in refused {
        let answer = try await transfer.answer()
        #expect(try answer.error() == ErrorBody(429, "rate_limit_error", code: "rate_limit_exceeded"))
        #expect(answer["retry-after"] == "2")
      }
      #expect(ContinuousClock.now - start < .seconds(2))
      #expect(server.startedRuns == 4)
      let processes = try await Self.processes(server)
      #expect([processes["running"], processes["queued"], processes["live"]] == [4, 20, 4])
      // One slot for all twenty, so that there is one order.
      try await running[0].leave()
      for transfer in waiting {
        let chat = try await transfer.answer().chat()
        #expect(chat.content == "w0 ")
        #expect(chat.finishReason == "stop")
      }
      let served = server.log.filter { $0.contains("run started") }.compactMap(Self.number)
      #expect(served == Array(0..<20))
      for transfer in running.dropFirst() { try await transfer.leave() }
    }
  }

  private static func id(_ number: Int) -> [String] { ["x-request-id: number-\(number)-"] }

  /// The number of the request that a log line belongs to.
  private static func number(in line: String) -> Int? {
    guard let start = line.firstRange(of: "request=number-")?.upperBound else { return nil }
    return Int(line[start...].prefix { $0 != "-" })
  }

  @Test("concurrent turns on few sessions and slots all run, in order per session")
  func fairness() async throws {
    let settings = [
      "CLAUDE_MAX_CONCURRENT": "2", "CLAUDE_MAX_PROCESSES": "3", "CLAUDE_SESSION_IDLE_MS": "600000",
      "CLAUDE_POOL_SPARES": "1",
    ]
    try await ServerUnderTest.run(settings) { server in
      var sessions: [String] = []
      for number in 0..<5 {
        let answer = try await server.send(.chat("s\(number)", stream: false))
        sessions.append(try #require(answer["x-session-id"]))
      }
      var transfers: [(session: Int, turn: Int, transfer: CurlTransfer)] = []
      for turn in 1...6 {
        for session in 0..<5 {
          let request = ClientRequest.chat(
            "t\(turn)\nsimulate: recall", stream: true, ["session-id": .string(sessions[session])])
          transfers.append((session, turn, server.start(request)))
        }
        // Connections are not ordered among each other: the next turns are asked for when these have arrived.
        try await Self.arrived(5 * (turn + 1), server)
      }
      for (session, turn, transfer) in transfers {
        let expected = (["s\(session)"] + (1...turn).map { "t\($0)" }).joined(separator: " | ")
        #expect(try await transfer.answer().chat().content == expected)
      }
      let processes = try await Self.processes(server)
      #expect(processes["live"]?.int ?? 99 <= 3)
      print("30 turns of 5 sessions in 2 slots and 3 processes: \(processes.text)")
    }
  }

  // MARK: A server that was killed

  @Test("processes of a killed server are ended by the next one, and no others")
  func orphans() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    let settings = ["CLAUDE_SESSION_IDLE_MS": "600000", "CLAUDE_POOL_SPARES": "1"]
    let first = try await ServerUnderTest(settings, in: directory)
    let pipes = try (0..<3).map { _ in try PidPipe(in: directory) }
    let transfers = pipes.map { pipe in
      first.start(.chat("simulate: grandchild pid-file=\(pipe.path) hang", stream: true))
    }
    var orphans: Set<ProcessIdentity> = []
    for pipe in pipes { orphans.insert(try #require(try await pipe.process())) }
    try await first.logLines(3, "run started")
    orphans.formUnion(first.family)
    let tools = pipes.count
    #expect(orphans.count >= 2 * tools)
    // A mark like theirs, but its owner lives: it is this test's own process.
    let mark = try #require(Self.mark(of: orphans, livingOwner: getpid()))
    let bystander = try ServerProcess(
      "/bin/sleep", ["600"], environment: ["CLAUDE_CODE_SERVER_PROCESS": mark], directory: directory.path)
    first.process.signal(SIGKILL)
    #expect(try await first.process.exit() == .signaled(SIGKILL))
    for transfer in transfers { _ = try await transfer.outcome() }
    #expect(orphans.filter(\.isAlive).count >= tools)
    let second = try await ServerUnderTest(settings, in: directory)
    let start = ContinuousClock.now
    #expect(try await orphans.gone(within: .seconds(5)))
    print("orphans gone after \(ContinuousClock.now - start)")
    #expect(bystander.output.value.exit == nil)
    #expect(try await second.send(.chat("simulate: tokens=2", stream: true)).chat().content == "w0 w1 ")
    try await second.stop()
    bystander.signal(SIGKILL)
    _ = try await bystander.exit()
  }

  /// The mark of one of `processes`, with another owner.
  private static func mark(of processes: Set<ProcessIdentity>, livingOwner pid: Int32) -> String? {
    for process in processes {
      let environment = FileManager.default.contents(atPath: "/proc/\(process.pid)/environ") ?? Data()
      let lines = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      guard let line = lines.first(where: { $0.hasPrefix("CLAUDE_CODE_SERVER_PROCESS=") }) else { continue }
      var parts = line.split(separator: "=", maxSplits: 1)[1].split(separator: "/").map(String.init)
      guard parts.count == 5, let owner = ProcessIdentity(running: pid) else { return nil }
      (parts[2], parts[3]) = ("\(owner.pid)", "\(owner.startTime)")
      return parts.joined(separator: "/")
    }
    return nil
  }

  // MARK: Figures

  private static func processes(_ server: ServerUnderTest) async throws -> JSONValue {
    try #require(try await server.send(.get("/health")).json()["checks"]?["processes"]?["details"])
  }

  /// Asks for the statistics until they are as wanted. The server tells nobody when they change.
  private static func settle(_ server: ServerUnderTest, _ condition: (JSONValue) -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
      let processes = try await processes(server)
      if condition(processes) { return }
      try #require(ContinuousClock.now < deadline, "\(processes)")
    }
  }

  /// Waits until so many turns have been asked for, whether they wait, run or have ended.
  private static func arrived(_ count: Int, _ server: ServerUnderTest) async throws {
    var ended = server.log.count { $0.contains("run ended") }
    try await settle(server) { processes in
      let sum = ended + (processes["running"]?.int ?? 0) + (processes["queued"]?.int ?? 0)
      // Counted before the next look at the others: a turn that ends in between is not to be counted twice.
      ended = server.log.count { $0.contains("run ended") }
      return sum >= count
    }
  }

  private static func descriptors(_ server: ServerUnderTest) -> Int? { OpenDescriptors.count(of: server.process.pid) }
}
