package import EventLoop

/// UUIDs that count.
package struct SequentialIDs {
  private var count = 0

  package init() {}

  package mutating func next() -> String {
    count += 1
    let digits = String(count)
    return "00000000-0000-4000-8000-\(String(repeating: "0", count: 12 - digits.count))\(digits)"
  }
}

/// Ids for processes: no two of a test run share one, because leftovers are found by it.
@Reactor
package enum UniqueIDs {
  private static var ids = SequentialIDs()
  /// The id that was made last.
  package private(set) static var last = ""

  package static func next() -> String {
    last = ids.next()
    return last
  }
}
