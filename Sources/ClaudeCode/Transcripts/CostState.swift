import Bytes

/// The cost that the CLI notes in a transcript when it exits. A CLI that resumes the session continues counting from
/// the last note (2.1.329), so its first result reports more than its first turn cost.
enum CostState {
  /// US dollars; 0 where nothing is noted. Reads off the loop.
  static func last(in location: TranscriptLocation) async -> Double {
    await Task.detached { (try? TranscriptFile.read(location)).map(last) ?? 0 }.value
  }

  static func last(in transcript: [UInt8]) -> Double {
    for line in transcript.split(separator: Ascii.lineFeed).reversed() where line.starts(with: beginning) {
      guard let note = try? JSONValue(parsing: Array(line)) else { continue }
      return note["totalCostUSD"]?.amount ?? 0
    }
    return 0
  }

  /// Most lines of a transcript need not be parsed.
  private static let beginning = Array(#"{"type":"cost-state""#.utf8)
}
