/// Requests per second of CPU. The floor is a responder that does not parse.
struct RequestBench {
  let floor: ServerUnderTest
  let server: ServerUnderTest
  let responseSize: Int
  private static let connections = 32
  private static let requests = 40_000
  private static let rounds = 7

  func row() throws -> Row {
    var plain: [Double] = []
    var served: [Double] = []
    for _ in 0..<RequestBench.rounds {
      plain.append(try requestsPerSecond(floor))
      served.append(try requestsPerSecond(server))
    }
    return Row(
      name: "GET /health/live, keep-alive", value: served.median / 1000, floor: plain.median / 1000,
      unit: "k req/CPU-s", target: .floorDividedBy(1.5))
  }

  private func requestsPerSecond(_ server: ServerUnderTest) throws -> Double {
    let load = try RequestLoad(
      connections: RequestBench.connections, port: server.port, responseSize: responseSize)
    defer { load.close() }
    try load.run(requests: RequestBench.requests / 20)
    let before = try server.program.cpuNanoseconds
    try load.run(requests: RequestBench.requests)
    return Double(RequestBench.requests) * 1e9 / Double(try server.program.cpuNanoseconds - before)
  }
}
