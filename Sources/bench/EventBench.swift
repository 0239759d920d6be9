import Glibc

/// CPU per event of the server process, beside the plain relay's: alternating rounds, medians.
struct EventBench {
  /// How the events come.
  struct Pace {
    let name: String
    let events: Int
    let gap: Int?
    let rounds: Int

    static let burst = Pace(name: "burst", events: 20_000, gap: nil, rounds: 7)
    /// One wake-up for each event.
    static let paced = Pace(name: "paced", events: 800, gap: 2, rounds: 5)
  }

  let floor: Subject
  let server: Subject
  /// A server that keeps what its runs say on the disk.
  let keeper: Subject
  private static let streams = 8
  /// How long a subject gets to see to the ends of its children before its clock is read.
  private static let settling: useconds_t = 200_000

  func rows(_ pace: Pace) throws -> [Row] {
    var plain: [Double] = []
    var relayed: [Double] = []
    var translated: [Double] = []
    var others = Other.allCases.map { ($0, [Double]()) }
    for _ in 0..<pace.rounds {
      plain.append(try microseconds(pace, floor, endsSending: true, Request.plain))
      relayed.append(try microseconds(pace, server, endsSending: false, Request.relayed))
      translated.append(try microseconds(pace, server, endsSending: false, Request.translated))
      for index in others.indices {
        let other = others[index].0
        others[index].1.append(
          try microseconds(pace, other.isOnDisk ? keeper : server, endsSending: false, other.request))
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
      + others.map { other, values in
        Row(
          name: "\(other.rawValue), \(pace.name): CPU", value: values.median,
          floor: other.isRelay ? relayed.median : translated.median, unit: unit, target: .none)
      }
  }

  /// Other ways for the same events. Their floor is the relay, or the translation, of a run that is not kept.
  private enum Other: String, CaseIterable {
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

  /// Of one event: what a request without events costs is subtracted.
  private func microseconds(
    _ pace: Pace, _ subject: Subject, endsSending: Bool, _ request: (String) -> [UInt8]
  ) throws -> Double {
    let without = try cpu(subject, 1, request(Simulation.prompt(events: 1, gap: pace.gap)), endsSending)
    let with = try cpu(
      subject, pace.events, request(Simulation.prompt(events: pace.events, gap: pace.gap)), endsSending)
    return Double(with - without) / 1000 / Double((pace.events - 1) * EventBench.streams)
  }

  private func cpu(_ subject: Subject, _ events: Int, _ request: [UInt8], _ endsSending: Bool) throws -> Int {
    let before = try subject.program.cpuNanoseconds
    let load = try StreamLoad(request, streams: EventBench.streams, port: subject.port, endsSending: endsSending)
    defer { load.leave() }
    try load.untilEnded()
    guard load.lines >= events * EventBench.streams else {
      throw BenchFailure("only \(load.lines) of \(events * EventBench.streams) events have come")
    }
    usleep(EventBench.settling)
    return try subject.program.cpuNanoseconds - before
  }
}
