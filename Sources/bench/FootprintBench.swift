import Glibc

/// Time to the first accepted connection, and resident memory. Each figure is taken from a process of its own.
struct FootprintBench {
  let ground: Ground
  let responseSize: Int
  private static let starts = 20
  private static let connections = 1000
  private static let streams = 200
  private static let settling: useconds_t = 1_000_000

  func rows() throws -> [Row] {
    let tiny = { try Subject.tiny(ground, responseSize: responseSize) }
    let server = { try Subject.server(ground) }
    return [
      Row(
        name: "start to first accept", value: try start(server), floor: try start(tiny), unit: "ms",
        target: .below(10)),
      Row(
        name: "RSS, idle", value: try idle(server) / 1_000_000, floor: try idle(tiny) / 1_000_000, unit: "MB",
        target: .below(12)),
      Row(
        name: "RSS per idle connection (1000)", value: try perConnection(server), floor: try perConnection(tiny),
        unit: "bytes", target: .none),
      Row(
        name: "RSS per stream (200)", value: try perStream(server, Request.relayed, endsSending: false) / 1000,
        floor: try perStream({ try Subject.relay(ground) }, Request.plain, endsSending: true) / 1000,
        unit: "kB", target: .none),
    ]
  }

  private func start(_ make: () throws -> Subject) throws -> Double {
    try (0..<FootprintBench.starts).map { _ in
      let subject = try make()
      defer { subject.end() }
      return Double(subject.start.components.attoseconds) / 1e15 + Double(subject.start.components.seconds) * 1000
    }.median
  }

  private func idle(_ make: () throws -> Subject) throws -> Double {
    let subject = try make()
    defer { subject.end() }
    return try settled(subject)
  }

  private func perConnection(_ make: () throws -> Subject) throws -> Double {
    let subject = try make()
    defer { subject.end() }
    let before = try settled(subject)
    let load = try RequestLoad(
      connections: FootprintBench.connections, port: subject.port, responseSize: responseSize)
    defer { load.close() }
    try load.run(requests: FootprintBench.connections)
    return (try settled(subject) - before) / Double(FootprintBench.connections)
  }

  private func perStream(
    _ make: () throws -> Subject, _ request: (String) -> [UInt8], endsSending: Bool
  ) throws -> Double {
    let subject = try make()
    defer { subject.end() }
    let before = try settled(subject)
    let load = try StreamLoad(
      request(Simulation.prompt(events: 60, gap: 200)), streams: FootprintBench.streams, port: subject.port,
      endsSending: endsSending)
    defer { load.leave() }
    try load.untilBegun()
    return (try settled(subject) - before) / Double(FootprintBench.streams)
  }

  private func settled(_ subject: Subject) throws -> Double {
    usleep(FootprintBench.settling)
    return Double(try subject.program.residentBytes)
  }
}
