import Glibc

/// CPU per event of the server process. The plain relay is the floor: alternating rounds, medians.
struct EventBench {
  /// How fast the simulator emits its events.
  struct Pace {
    let name: String
    let events: Int
    let gap: Int?
    let rounds: Int

    static let burst = Pace(name: "burst", events: 20_000, gap: nil, rounds: 7)
    /// Slow enough that each event wakes the server once.
    static let paced = Pace(name: "paced", events: 800, gap: 2, rounds: 5)
  }

  let floor: ServerUnderTest
  let server: ServerUnderTest
  /// A server that stores its runs on disk.
  let storing: ServerUnderTest
  private static let streams = 8
  /// How long a server gets to reap its children before its CPU clock is read.
  private static let settling: useconds_t = 200_000

  func rows(_ pace: Pace) throws -> [Row] {
    var plain: [Double] = []
    var relayed: [Double] = []
    var translated: [Double] = []
    var endpoints = Endpoint.allCases.map { ($0, [Double]()) }
    for _ in 0..<pace.rounds {
      plain.append(try microseconds(pace, floor, endsSending: true, Request.plain))
      relayed.append(try microseconds(pace, server, endsSending: false, Request.relayed))
      translated.append(try microseconds(pace, server, endsSending: false, Request.translated))
      for index in endpoints.indices {
        let endpoint = endpoints[index].0
        endpoints[index].1.append(
          try microseconds(pace, endpoint.isOnDisk ? storing : server, endsSending: false, endpoint.request))
      }
    }
    let unit = "ms/1000 events"
    return [
      Row(
        name: "relay, \(pace.name): CPU", value: relayed.median, floor: plain.median, unit: unit,
        target: .timesFloor(1.5)),
      Row(
        name: "translation, \(pace.name): CPU", value: translated.median, floor: plain.median, unit: unit,
        target: .timesFloor(2)),
    ]
      + endpoints.map { endpoint, values in
        Row(
          name: "\(endpoint.rawValue), \(pace.name): CPU", value: values.median,
          floor: endpoint.isRelay ? relayed.median : translated.median, unit: unit, target: .none)
      }
  }

  /// Other endpoints for the same events. Their floor is the relay, or the translation, of a run that is not stored.
  private enum Endpoint: String, CaseIterable {
    case agent = "agent, in memory"
    case storedAgent = "agent, on the disk"
    case message
    case response
    case storedResponse = "response, on the disk"

    var isRelay: Bool { self == .agent || self == .storedAgent }
    var isOnDisk: Bool { self == .storedAgent || self == .storedResponse }

    func request(_ prompt: String) -> [UInt8] {
      switch self {
      case .agent, .storedAgent: Request.journaled(prompt)
      case .message: Request.message(prompt)
      case .response: Request.response(prompt)
      case .storedResponse: Request.storedResponse(prompt)
      }
    }
  }

  /// CPU of one event. The cost of a request with a single event is subtracted.
  private func microseconds(
    _ pace: Pace, _ server: ServerUnderTest, endsSending: Bool, _ request: (String) -> [UInt8]
  ) throws -> Double {
    let without = try cpu(server, 1, request(Request.prompt(events: 1, gap: pace.gap)), endsSending)
    let with = try cpu(
      server, pace.events, request(Request.prompt(events: pace.events, gap: pace.gap)), endsSending)
    return Double(with - without) / 1000 / Double((pace.events - 1) * EventBench.streams)
  }

  private func cpu(_ server: ServerUnderTest, _ events: Int, _ request: [UInt8], _ endsSending: Bool) throws -> Int {
    let before = try server.program.cpuNanoseconds
    let load = try StreamLoad(request, streams: EventBench.streams, port: server.port, endsSending: endsSending)
    defer { load.close() }
    try load.waitUntilEnded()
    guard load.lines >= events * EventBench.streams else {
      throw BenchFailure("only \(load.lines) of \(events * EventBench.streams) events have arrived")
    }
    usleep(EventBench.settling)
    return try server.program.cpuNanoseconds - before
  }
}
