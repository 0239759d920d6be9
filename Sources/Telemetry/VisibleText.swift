/// Escapes characters that a terminal would act on, or that make one line look like another.
enum VisibleText {
  /// The line with such characters as `\u009b`. They occur only within strings, so a JSON line means the same.
  static func escaped(_ line: [UInt8]) -> [UInt8] {
    // All of them lie beyond ASCII.
    guard line.contains(where: { $0 >= 0x80 }) else { return line }
    var result: [UInt8] = []
    for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
      if isHidden(scalar) { result += escape(scalar) } else { result += Array(String(scalar).utf8) }
    }
    return result
  }

  /// Whether the text contains one.
  static func isNeeded(_ text: String) -> Bool {
    text.utf8.contains { $0 >= 0x80 } && text.unicodeScalars.contains(where: isHidden)
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // C1 controls, among them U+009B, which begins a control sequence as ESC [ does; and the no-break space.
    case 0x80...0xA0: true
    // Marks, embeddings, overrides and isolates of bidirectional text.
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    // Line and paragraph separators.
    case 0x2028, 0x2029: true
    // The byte order mark, which is a no-break space of no width.
    case 0xFEFF: true
    default: false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> [UInt8] {
    let digits = String(scalar.value, radix: 16)
    return Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
  }
}
