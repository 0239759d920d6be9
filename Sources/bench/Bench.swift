/// The table, or some sections of it.
struct Bench {
  enum Section: String, CaseIterable {
    case burst
    case paced
    case requests
    case slowloris
    case streams
    case footprint
    case encoders
    case firstToken = "first-token"
  }

  let sections: Set<Section>

  /// - Parameter names: of sections; none for all.
  init(sections names: [String]) throws {
    let known = try names.map { name in
      guard let section = Section(rawValue: name) else { throw BenchFailure("no section \(name)") }
      return section
    }
    sections = Set(known.isEmpty ? Section.allCases : known)
  }

  func run() throws {
    let ground = try Ground()
    do {
      try measure(ground)
    } catch {
      try ground.clear()
      throw error
    }
    try ground.clear()
  }

  private func measure(_ ground: Ground) throws {
    Terminal.say("CPU and memory of the server process alone, at LOG_LEVEL=warn, on the simulator; medians.")
    Terminal.say("Floors from the same run: a plain relay, a responder that does not parse, a copy of the bytes.")
    Terminal.say("Waiting times are the clients'; their floor is the same without slow clients.")
    Terminal.say("First tokens are the real CLI's; their floor is a CLI process in the same state without the server.")
    Terminal.say("")
    Terminal.say(Row.heading)
    try measureLoad(ground)
    if sections.contains(.streams) { try StreamsBench(ground: ground).run(say) }
    if sections.contains(.encoders) { say(EncoderBench.rows()) }
    if sections.contains(.firstToken) { try FirstTokenBench(ground: ground).run(say) }
  }

  private func measureLoad(_ ground: Ground) throws {
    let server = try Subject.server(ground)
    defer { server.end() }
    let responseSize = try RequestLoad.responseSize(of: server.port)
    try measureEvents(ground, server)
    if sections.contains(.requests) {
      let responder = try Subject.tiny(ground, responseSize: responseSize)
      defer { responder.end() }
      say([try TinyBench(floor: responder, server: server, responseSize: responseSize).row()])
    }
    if sections.contains(.slowloris) {
      say(try SlowlorisBench(ground: ground, server: server, responseSize: responseSize).rows())
    }
    if sections.contains(.footprint) { say(try FootprintBench(ground: ground, responseSize: responseSize).rows()) }
  }

  private func measureEvents(_ ground: Ground, _ server: Subject) throws {
    let relay = try Subject.relay(ground)
    defer { relay.end() }
    let keeper = try Subject.server(ground, keepsState: true)
    defer { keeper.end() }
    let events = EventBench(floor: relay, server: server, keeper: keeper)
    if sections.contains(.burst) { say(try events.rows(.burst)) }
    if sections.contains(.paced) { say(try events.rows(.paced)) }
  }

  private func say(_ rows: [Row]) {
    for row in rows { Terminal.say(row.line) }
  }
}
