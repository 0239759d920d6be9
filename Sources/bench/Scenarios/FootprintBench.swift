import Glibc

/// Time to the first accepted connection, and resident memory. A new process is started for each figure.
struct FootprintBench {
  let bench: BenchEnvironment
  let responseSize: Int
  private static let starts = 20
  private static let connections = 1000
  private static let streams = 200
  private static let settling: useconds_t = 1_000_000

  func rows() throws -> [Row] {
    let responder = { try ServerUnderTest.responder(bench, responseSize: responseSize) }
    let server = { try ServerUnderTest.server(bench) }
    return [
      Row(
        name: "start to first accept", value: try start(server), floor: try start(responder), unit: "ms",
        target: .below(10)),
      Row(
        name: "RSS, idle", value: try idle(server) / 1_000_000, floor: try idle(responder) / 1_000_000, unit: "MB",
        target: .below(12)),
      Row(
        name: "RSS per idle connection (1000)", value: try perConnection(server), floor: try perConnection(responder),
        unit: "bytes", target: .none),
      Row(
        name: "RSS per stream (200)", value: try perStream(server, Request.relayed, endsSending: false) / 1000,
        floor: try perStream({ try ServerUnderTest.relay(bench) }, Request.plain, endsSending: true) / 1000,
        unit: "kB", target: .none),
    ]
  }

  private func start(_ make: () throws -> ServerUnderTest) throws -> Double {
    try (0..<FootprintBench.starts).map { _ in
      let server = try make()
      defer { server.end() }
      return Double(server.start.components.attoseconds) / 1e15 + Double(server.start.components.seconds) * 1000
    }.median
  }

  private func idle(_ make: () throws -> ServerUnderTest) throws -> Double {
    let server = try make()
    defer { server.end() }
    return try settled(server)
  }

  private func perConnection(_ make: () throws -> ServerUnderTest) throws -> Double {
    let server = try make()
    defer { server.end() }
    let before = try settled(server)
    let load = try RequestLoad(
      connections: FootprintBench.connections, port: server.port, responseSize: responseSize)
    defer { load.close() }
    try load.run(requests: FootprintBench.connections)
    return (try settled(server) - before) / Double(FootprintBench.connections)
  }

  private func perStream(
    _ make: () throws -> ServerUnderTest, _ request: (String) -> [UInt8], endsSending: Bool
  ) throws -> Double {
    let server = try make()
    defer { server.end() }
    let before = try settled(server)
    let load = try StreamLoad(
      request(Request.prompt(events: 60, gap: 200)), streams: FootprintBench.streams, port: server.port,
      endsSending: endsSending)
    defer { load.close() }
    try load.waitUntilBegun()
    return (try settled(server) - before) / Double(FootprintBench.streams)
  }

  private func settled(_ server: ServerUnderTest) throws -> Double {
    usleep(FootprintBench.settling)
    return Double(try server.program.residentBytes)
  }
}
