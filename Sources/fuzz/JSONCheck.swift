import Bytes

/// A parsed value, encoded, parses to the same value and is one line.
enum JSONCheck {
  static func run(_ input: [UInt8]) throws(Finding) {
    guard let value = try? JSONValue(parsing: input) else { return }
    let written = value.encoded
    guard written.allSatisfy({ $0 >= 0x20 }) else { throw Finding("a control byte was written") }
    guard let again = try? JSONValue(parsing: written) else { throw Finding("the encoded value does not parse") }
    guard again == value, again.encoded == written else { throw Finding("the encoded value parses differently") }
  }
}
