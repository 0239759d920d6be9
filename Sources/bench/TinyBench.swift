/// Requests per second of CPU, beside a responder that does not parse.
struct TinyBench {
  let floor: Subject
  let server: Subject
  let responseSize: Int
  private static let connections = 32
  private static let requests = 40_000
  private static let rounds = 7

  func row() throws -> Row {
    var plain: [Double] = []
    var served: [Double] = []
    for _ in 0..<TinyBench.rounds {
      plain.append(try requestsPerSecond(floor))
      served.append(try requestsPerSecond(server))
    }
    return Row(
      name: "GET /health/live, keep-alive", value: served.median / 1000, floor: plain.median / 1000,
      unit: "k req/CPU-s", target: .floorDividedBy(1.5))
  }

  private func requestsPerSecond(_ subject: Subject) throws -> Double {
    let load = try RequestLoad(
      connections: TinyBench.connections, port: subject.port, responseSize: responseSize)
    defer { load.close() }
    try load.run(requests: TinyBench.requests / 20)
    let before = try subject.program.cpuNanoseconds
    try load.run(requests: TinyBench.requests)
    return Double(TinyBench.requests) * 1e9 / Double(try subject.program.cpuNanoseconds - before)
  }
}
