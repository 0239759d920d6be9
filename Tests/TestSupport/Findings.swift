/// Collects the rules of a contract that an implementation breaks. A suite's function returns them, and the test of each
/// implementation expects none.
public struct Findings: Sendable {
  public var list: [String] = []

  public init() {}

  public mutating func check(_ holds: Bool, _ rule: @autoclosure () -> String) {
    if !holds { list.append(rule()) }
  }

  /// Checks that `body` throws.
  public mutating func checkFailure(_ rule: String, _ body: () async throws -> Void) async {
    do {
      try await body()
      list.append(rule)
    } catch {}
  }

  /// Runs `body`; an error is a finding.
  public static func of(_ body: (inout Findings) async throws -> Void) async -> [String] {
    var findings = Findings()
    do {
      try await body(&findings)
    } catch {
      findings.list.append("\(error)")
    }
    return findings.list
  }
}
