/// White space in texts of any length. Works on bytes, because `Character` costs fifty times as much. White space is
/// what Unicode and JavaScript's `trim` define.
extension StringProtocol where UTF8View: BidirectionalCollection, UnicodeScalarView: BidirectionalCollection {
  /// Whether the text is empty or only white space.
  public var isBlank: Bool { utf8.startIndex == utf8.endIndex || firstVisible == utf8.endIndex }

  /// Without white space at the ends.
  public var trimmed: SubSequence { self[firstVisible..<endOfVisible(from: firstVisible)] }

  private var firstVisible: Index {
    var index = startIndex
    while index < endIndex {
      let byte = utf8[index]
      if byte >= 0x80 {
        guard unicodeScalars[index].isSpace else { return index }
        index = unicodeScalars.index(after: index)
      } else {
        guard isSpace(byte) else { return index }
        index = utf8.index(after: index)
      }
    }
    return index
  }

  private func endOfVisible(from start: Index) -> Index {
    var end = endIndex
    while end > start {
      let last = utf8.index(before: end)
      let byte = utf8[last]
      if byte >= 0x80 {
        let scalar = unicodeScalars.index(before: end)
        guard unicodeScalars[scalar].isSpace else { return end }
        end = scalar
      } else {
        guard isSpace(byte) else { return end }
        end = last
      }
    }
    return end
  }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == Ascii.space || (Ascii.tab...Ascii.carriageReturn).contains(byte) }

extension Unicode.Scalar {
  fileprivate var isSpace: Bool { properties.isWhitespace || self == "\u{FEFF}" }
}
