import EventLoop

@testable package import ClaudeCode

extension CLIEnvironment {
  /// What the CLI inherits in a test: the system's programs, and a home directory if the test has one.
  package static func test(home: String? = nil, _ more: [String: String] = [:]) -> CLIEnvironment {
    var inherited = ["PATH": "/usr/bin:/bin"]
    inherited["HOME"] = home
    inherited.merge(more) { $1 }
    return CLIEnvironment(inherited: inherited, usesSubscription: false)
  }
}

extension CLILocator {
  /// Finds this program and no other.
  package static func only(_ path: String) -> CLILocator { CLILocator(configured: path, searchPath: "", home: nil) }
}

extension ClaudeExecutor.Configuration {
  /// An executor with one program for a CLI.
  package static func test(
    _ cli: String, home: String? = nil, timeouts: RunTimeouts = RunTimeouts(), pool: PoolLimits = .withoutReuse,
    turns: TurnGate.Limits = TurnGate.Limits()
  ) -> ClaudeExecutor.Configuration {
    ClaudeExecutor.Configuration(
      locator: .only(cli), environment: .test(home: home), timeouts: timeouts, pool: pool, turns: turns)
  }
}

extension PoolLimits {
  /// Keeps no process after its turn, and starts none ahead.
  package static let withoutReuse = PoolLimits.with {
    $0.spares = 0
    $0.sessionIdle = .zero
  }

  /// Keeps processes after their turns, and starts none ahead.
  package static let keeping = PoolLimits.with { $0.spares = 0 }

  /// The limits as they are, but for some.
  package static func with(_ change: (inout PoolLimits) -> Void) -> PoolLimits {
    var limits = PoolLimits()
    change(&limits)
    return limits
  }
}

extension TurnOptions {
  package static func with(_ change: (inout TurnOptions) -> Void) -> TurnOptions {
    var options = TurnOptions()
    change(&options)
    return options
  }
}
