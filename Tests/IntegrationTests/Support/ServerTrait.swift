import Testing

/// One server for all tests of a suite, in `ServerUnderTest.current`.
struct ServerTrait: SuiteTrait, TestScoping {
  let settings: [String: String]

  @concurrent
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await ServerUnderTest.run(settings) { server in
      try await ServerUnderTest.$current.withValue(server) { try await function() }
    }
  }
}

extension Trait where Self == ServerTrait {
  static func server(_ settings: [String: String] = [:]) -> ServerTrait { ServerTrait(settings: settings) }
}

extension ServerUnderTest {
  static var ofSuite: ServerUnderTest {
    get throws { try #require(ServerUnderTest.current) }
  }
}
