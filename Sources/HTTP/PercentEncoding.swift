import Bytes

/// Percent-escapes of URLs (RFC 3986 section 2.1).
public enum PercentEncoding {
  /// Nil for an escape that is not two hexadecimal digits, decodes to NUL, or gives invalid UTF-8.
  public static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == Ascii.percent else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(Ascii.hexValue), let low = rest.popFirst().flatMap(Ascii.hexValue),
        high << 4 | low != 0
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
