/// The fingerprints in use, the latest first. Those unused for the longest time make room for new ones.
struct SpareDemand: Sendable {
  private let capacity: Int
  private(set) var recent: [Fingerprint] = []

  init(capacity: Int) { self.capacity = capacity }

  var isEmpty: Bool { recent.isEmpty }

  /// - Returns: the fingerprints that are dropped for it.
  mutating func note(_ fingerprint: Fingerprint) -> [Fingerprint] {
    recent.removeAll { $0 == fingerprint }
    recent.insert(fingerprint, at: 0)
    guard recent.count > capacity else { return [] }
    defer { recent.removeLast(recent.count - capacity) }
    return Array(recent[capacity...])
  }

  mutating func forget(_ fingerprint: Fingerprint) { recent.removeAll { $0 == fingerprint } }
}
