import Bytes

/// The CLI's announcement that it will retry the upstream request (`system/api_retry`).
package struct Retry: Sendable, Equatable {
  package let status: Int?
  package let delay: Duration

  /// A longer delay counts as this one.
  static let longestDelay: Duration = .seconds(86_400)

  package init?(_ message: StreamMessage, _ line: Span<UInt8>) {
    guard message.kind == .system, let subtype = message.subtype, line.matches(subtype, "api_retry"),
      let value = try? JSONValue(parsing: line)
    else { return nil }
    status = value["error_status"]?.int
    delay = min(.milliseconds(value["retry_delay_ms"]?.amount ?? 0), Retry.longestDelay)
  }

  /// Why the turn ends here instead of waiting; nil to keep waiting.
  ///
  /// - Parameter waited: the sum of the delays announced before this one.
  package func verdict(waited: Duration, timeout: Duration) -> ClaudeError? {
    // Retrying with the same credentials changes nothing.
    if let status, status == 401 || status == 403 {
      return ClaudeError(
        .upstream(status: status), "The upstream refused the credentials (\(status))", reachedCLI: true)
    }
    guard waited + delay > timeout else { return nil }
    let reason = status.map { "answers with status \($0)" } ?? "cannot be reached"
    return ClaudeError(.upstream(status: status ?? 502), "The upstream \(reason)", reachedCLI: true)
  }
}
