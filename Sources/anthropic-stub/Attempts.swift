/// How often each script has been asked for, so that it goes wrong `times` times and then works.
struct Attempts {
  private var counts: [String: Int] = [:]

  /// Counts a request, and says whether it is one that goes wrong.
  mutating func goesWrong(_ script: Script) -> Bool {
    guard let times = script[.times] else { return true }
    counts[script.line, default: 0] += 1
    return counts[script.line, default: 0] <= times
  }
}
