/// Between JSON string escapes and text.
public enum JSONText {
  /// Decodes the inside of a JSON string. Halves of surrogate pairs that stand alone become U+FFFD.
  ///
  /// - Throws: for an escape that JSON does not know and for bytes that are not UTF-8.
  public static func unescape(_ raw: Span<UInt8>, at offset: Int = 0) throws(JSONSyntaxError) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      let run = plainRun(raw, from: index)
      if !run.isEmpty {
        unsafe raw.extracting(run).withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        index = run.upperBound
        continue
      }
      guard index + 1 < raw.count else { throw JSONSyntaxError("cut escape", at: offset + index) }
      if raw[index + 1] == UInt8(ascii: "u") {
        let (scalar, length) = try scalarEscape(raw, index, offset)
        bytes.append(contentsOf: String(scalar).utf8)
        index += length
      } else {
        guard let plain = plainEscape(raw[index + 1]) else {
          throw JSONSyntaxError("unknown escape", at: offset + index)
        }
        bytes.append(plain)
        index += 2
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw JSONSyntaxError("text is not valid UTF-8", at: offset)
    }
    return text
  }

  /// The bytes up to the next backslash.
  private static func plainRun(_ raw: Span<UInt8>, from start: Int) -> Range<Int> {
    var end = start
    while end < raw.count, raw[end] != Ascii.backslash { end += 1 }
    return start..<end
  }

  /// Appends `text` with quotes and escapes. Only what JSON demands is escaped.
  public static func append(_ text: String, to output: inout ByteBuffer) {
    output.append(Ascii.quote)
    appendEscaped(text.utf8, to: &output)
    output.append(Ascii.quote)
  }

  /// Appends UTF-8 bytes with escapes, without quotes.
  public static func appendEscaped(_ bytes: some Sequence<UInt8>, to output: inout ByteBuffer) {
    let isDone: Void? = bytes.withContiguousStorageIfAvailable { pointer in
      appendEscaped(unsafe Span(_unsafeElements: pointer), to: &output)
    }
    if isDone == nil { appendEscaped(Array(bytes).span, to: &output) }
  }

  /// Appends UTF-8 bytes with escapes, without quotes. What needs no escape is copied in runs: that is most of a text.
  public static func appendEscaped(_ bytes: Span<UInt8>, to output: inout ByteBuffer) {
    var start = 0
    for index in bytes.indices where needsEscape(bytes[index]) {
      output.append(bytes.extracting(start..<index))
      appendEscape(of: bytes[index], to: &output)
      start = index + 1
    }
    output.append(bytes.extracting(start..<bytes.count))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == Ascii.quote || byte == Ascii.backslash
  }

  private static func appendEscape(of byte: UInt8, to output: inout ByteBuffer) {
    switch byte {
    case Ascii.quote, Ascii.backslash:
      output.append(Ascii.backslash)
      output.append(byte)
    case Ascii.lineFeed: output.append("\\n")
    case Ascii.carriageReturn: output.append("\\r")
    case Ascii.tab: output.append("\\t")
    default:
      output.append("\\u00")
      output.append(Ascii.hexDigit(byte >> 4))
      output.append(Ascii.hexDigit(byte & 15))
    }
  }

  private static func plainEscape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case Ascii.quote, Ascii.backslash, UInt8(ascii: "/"): byte
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): Ascii.lineFeed
    case UInt8(ascii: "r"): Ascii.carriageReturn
    case UInt8(ascii: "t"): Ascii.tab
    default: nil
    }
  }

  // RFC 8259 section 7: characters outside the basic plane are two escapes.
  private static func scalarEscape(
    _ raw: Span<UInt8>, _ index: Int, _ offset: Int
  ) throws(JSONSyntaxError) -> (Unicode.Scalar, Int) {
    guard let unit = codeUnit(raw, index) else { throw JSONSyntaxError("bad \\u escape", at: offset + index) }
    if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
    if unit < 0xDC00, let low = codeUnit(raw, index + 6), (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
    {
      return (scalar, 12)
    }
    return ("\u{FFFD}", 6)
  }

  private static func codeUnit(_ raw: Span<UInt8>, _ index: Int) -> UInt32? {
    guard index + 6 <= raw.count, raw[index] == Ascii.backslash, raw[index + 1] == UInt8(ascii: "u") else { return nil }
    var unit: UInt32 = 0
    for position in (index + 2)..<(index + 6) {
      guard let digit = Ascii.hexValue(raw[position]) else { return nil }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }
}
