/// How long no spares are started after crashes: twice as long with each crash in a row. A value.
struct CrashBackoff: Equatable {
  private let longest: Duration
  private var crashes = 0
  private var end: ContinuousClock.Instant?

  /// - Parameter longest: the upper bound of the rest.
  init(longest: Duration) { self.longest = longest }

  /// How many processes have crashed in a row.
  var count: Int { crashes }

  /// A process has crashed.
  ///
  /// - Returns: the rest that begins now.
  mutating func noteCrash(at now: ContinuousClock.Instant) -> Duration {
    crashes += 1
    let rest = min(longest, .seconds(1 << min(crashes, 16)))
    end = now + rest
    return rest
  }

  /// A turn has ended well: the next crash counts as the first. A rest that has begun is not shortened.
  mutating func noteSuccess() { crashes = 0 }

  /// What is left of the rest; zero or less if there is none.
  func rest(at now: ContinuousClock.Instant) -> Duration { end.map { $0 - now } ?? .zero }
}
