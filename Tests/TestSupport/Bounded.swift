import Glibc
public import Testing

extension Trait where Self == TimeLimitTrait {
  /// A time limit for tests that wait: three minutes, or `TEST_MINUTES` where everything is slower.
  ///
  /// All tests start together and share one loop, so that each takes about as long as all of them.
  public static var bounded: Self { .timeLimit(.minutes(TestLimits.minutes)) }
}

/// Bounds for what a test waits for.
public enum TestLimits {
  static let minutes = unsafe getenv("TEST_MINUTES").flatMap { unsafe Int(String(cString: $0)) } ?? 3
  /// A little less than the time limit, so that the wait is what gets reported.
  public static let wait: Duration = .seconds(60 * minutes - 10)
}
