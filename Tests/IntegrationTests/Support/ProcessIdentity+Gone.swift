import Foundation
import System
import Testing

extension Set<ProcessIdentity> {
  /// Waits until none of these processes runs. The system tells nobody but the parent: /proc is looked at again and
  /// again.
  func gone(within limit: Duration) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while contains(where: \.isAlive) {
      guard ContinuousClock.now < deadline else { return false }
      try await Task.sleep(for: .milliseconds(10))
    }
    return true
  }
}

extension ProcessIdentity {
  /// The running process of this id.
  init?(running pid: Int32) {
    guard let entry = ProcessTable().entries.first(where: { $0.identity.pid == pid }) else { return nil }
    self = entry.identity
  }
}
