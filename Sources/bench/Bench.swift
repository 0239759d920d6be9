/// The table of measurements, or some sections of it.
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

  /// Measures and prints the table.
  ///
  /// - Throws: `BenchFailure` if a measurement fails, and at the end if a target is missed.
  func run() throws {
    let bench = try BenchEnvironment()
    let report = Report(print: Terminal.print)
    let result = Result { try measure(bench, report) }
    try bench.removeDirectory()
    try result.get()
    try report.check()
  }

  private func measure(_ bench: BenchEnvironment, _ report: Report) throws {
    Terminal.print("CPU and memory of the server process alone, at LOG_LEVEL=warn, on the simulator; medians.")
    Terminal.print("Floors from the same run: a plain relay, a responder that does not parse, a copy of the bytes.")
    Terminal.print("Waiting times are the clients'; their floor is the same without slow clients.")
    Terminal.print(
      "First tokens are the real CLI's; their floor is a CLI process in the same state without the server.")
    Terminal.print("")
    Terminal.print(Row.heading)
    try measureLoad(bench, report)
    if sections.contains(.streams) { try StreamsBench(bench: bench).run(report) }
    if sections.contains(.encoders) { report.add(EncoderBench.rows()) }
    if sections.contains(.firstToken) { try FirstTokenBench(bench: bench).run(report) }
  }

  private func measureLoad(_ bench: BenchEnvironment, _ report: Report) throws {
    let server = try ServerUnderTest.server(bench)
    defer { server.end() }
    let responseSize = try RequestLoad.responseSize(of: server.port)
    try measureEvents(bench, server, report)
    if sections.contains(.requests) {
      let responder = try ServerUnderTest.responder(bench, responseSize: responseSize)
      defer { responder.end() }
      report.add([try RequestBench(floor: responder, server: server, responseSize: responseSize).row()])
    }
    if sections.contains(.slowloris) {
      report.add(try SlowlorisBench(bench: bench, server: server, responseSize: responseSize).rows())
    }
    if sections.contains(.footprint) {
      report.add(try FootprintBench(bench: bench, responseSize: responseSize).rows())
    }
  }

  private func measureEvents(_ bench: BenchEnvironment, _ server: ServerUnderTest, _ report: Report) throws {
    let relay = try ServerUnderTest.relay(bench)
    defer { relay.end() }
    let storing = try ServerUnderTest.server(bench, storesRuns: true)
    defer { storing.end() }
    let events = EventBench(floor: relay, server: server, storing: storing)
    if sections.contains(.burst) { report.add(try events.rows(.burst)) }
    if sections.contains(.paced) { report.add(try events.rows(.paced)) }
  }
}
