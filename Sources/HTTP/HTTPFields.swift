import Bytes

/// Header fields as received: one copy of the bytes, and ranges into it. A String is made only of the fields that are
/// read.
public struct HTTPFields: Sendable {
  struct Entry: Sendable {
    let name: Range<Int>
    let value: Range<Int>
  }

  private let bytes: [UInt8]
  private let entries: [Entry]

  init(bytes: [UInt8], entries: [Entry]) {
    self.bytes = bytes
    self.entries = entries
  }

  /// The first value of a field, white space around it removed. `name` in lower case.
  public subscript(name: StaticString) -> String? {
    entries.first { isName($0.name, name) }.map { String(decoding: bytes[$0.value], as: UTF8.self) }
  }

  /// All values of a field, in order. `name` in lower case.
  public func all(_ name: StaticString) -> [String] {
    entries.filter { isName($0.name, name) }.map { String(decoding: bytes[$0.value], as: UTF8.self) }
  }

  /// Whether a comma-separated field holds `token`, in any case.
  public func has(_ name: StaticString, token: String) -> Bool {
    // By bytes: a comma followed by a combining mark is one character, and case-folding knows letters beyond ASCII.
    let wanted = Array(token.utf8)
    return entries.contains { entry in
      isName(entry.name, name)
        && bytes[entry.value].split(separator: Ascii.comma).contains { trimmed($0).map(Ascii.lowercased) == wanted }
    }
  }

  public var count: Int { entries.count }

  private func isName(_ range: Range<Int>, _ name: StaticString) -> Bool {
    guard range.count == name.utf8CodeUnitCount else { return false }
    let pointer = unsafe name.utf8Start
    for index in 0..<range.count {
      guard unsafe Ascii.lowercased(bytes[range.lowerBound + index]) == pointer[index] else { return false }
    }
    return true
  }

  private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while bytes.first == Ascii.space || bytes.first == Ascii.tab { bytes.removeFirst() }
    while bytes.last == Ascii.space || bytes.last == Ascii.tab { bytes.removeLast() }
    return bytes
  }
}
