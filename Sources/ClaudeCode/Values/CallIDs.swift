import Bytes

/// Gives each call of a conversation a unique id that the upstream accepts.
struct CallIDs {
  private var used: Set<String> = []
  /// The ids in `used` that end in `_` and digits, without that suffix.
  private var stems: Set<String> = []
  /// The last suffix tried for an id, so that the n-th repetition does not try all the earlier ones.
  private var numbers: [String: Int] = [:]

  /// `id` itself, if it consists of ASCII letters, digits, `_` and `-`, and is not used. The CLI takes `a_2` for a
  /// repetition of `a`: if both occur, one of them loses its result (2.1.329).
  mutating func unique(_ id: String) -> String {
    let plain = String(decoding: id.utf8.map { CallIDs.isPlain($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    let base = plain.isEmpty ? "call" : plain
    var candidate = base
    while !isFree(candidate) {
      let number = numbers[base, default: 1] + 1
      numbers[base] = number
      candidate = "\(base)-\(number)"
    }
    used.insert(candidate)
    if let stem = CallIDs.stem(of: candidate) { stems.insert(stem) }
    return candidate
  }

  private func isFree(_ id: String) -> Bool {
    let repeated = CallIDs.stem(of: id).map(used.contains) ?? false
    return !used.contains(id) && !stems.contains(id) && !repeated
  }

  private static func stem(of id: String) -> String? {
    let end = id.utf8.reversed().prefix(while: Ascii.isDigit).count
    let rest = id.utf8.dropLast(end)
    guard end > 0, rest.last == UInt8(ascii: "_") else { return nil }
    return String(decoding: rest.dropLast(), as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: false
    }
  }
}
