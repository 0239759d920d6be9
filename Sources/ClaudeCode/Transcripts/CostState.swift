import Bytes

/// What the CLI notes of a session's cost when it ends. A CLI that resumes the session counts on from the last of these
/// notes (2.1.329), so that its first result tells more than its first turn has cost.
enum CostState {
  /// US dollars; 0 where nothing is noted. Read off the loop.
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

  /// Most of a transcript need not be parsed.
  private static let beginning = Array(#"{"type":"cost-state""#.utf8)
}
