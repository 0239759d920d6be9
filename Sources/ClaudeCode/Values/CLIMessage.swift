import Bytes

/// Error messages of the CLI as clients may see them.
///
/// The CLI (2.1.329) names the host of its upstream, `If it persists, check your inference gateway (10.0.0.7:8080)`,
/// and passes on what the network says. Where the upstream is a server like this one, one message contains another.
enum CLIMessage {
  /// More of a message is not looked at, and left out: the longest error that a client gets is shorter.
  static let maximumLength = 16 * 1024

  /// The message without addresses of the operator's network, and with the innermost of nested errors only.
  static func cleaned(_ message: String) -> String {
    let text =
      message.utf8.count > maximumLength ? String(decoding: message.utf8.prefix(maximumLength), as: UTF8.self) : message
    return withoutAddresses(innermost(withoutAdvice(text)))
  }

  private static let advice = "If it persists, check your inference gateway"

  private static func withoutAdvice(_ text: String) -> String {
    var rest = text[...]
    var kept = ""
    while let range = rest.firstRange(of: advice) {
      kept += rest[..<range.lowerBound]
      while kept.last == " " { kept.removeLast() }
      let after = rest[range.upperBound...]
      guard after.hasPrefix(" ("), let end = after.firstIndex(of: ")") else {
        rest = after
        continue
      }
      rest = after[end...].dropFirst()
      if rest.first == "." { rest = rest.dropFirst() }
    }
    return kept + rest
  }

  private static let marker = "API Error:"
  /// A longer text between two markers is part of what the upstream said, in bytes.
  private static let longestPrefix = 64

  private static func innermost(_ text: String) -> String {
    let ranges = text.ranges(of: marker)
    guard let first = ranges.first, let last = ranges.last, first != last else { return text }
    let isNested = zip(ranges, ranges.dropFirst()).allSatisfy {
      text[$0.upperBound..<$1.lowerBound].utf8.count <= longestPrefix
    }
    return isNested ? String(text[..<first.lowerBound] + text[last.lowerBound...]) : text
  }

  // MARK: Addresses

  private static func withoutAddresses(_ text: String) -> String {
    var output = ByteBuffer()
    var previous = ""
    var rest = Substring(text).utf8[...]
    while !rest.isEmpty {
      let between = rest.prefix(while: isDelimiter)
      output.append(String(Substring(between)))
      rest = rest[between.endIndex...]
      var word = String(Substring(rest.prefix { !isDelimiter($0) }))
      rest = rest.dropFirst(word.utf8.count)
      var tail = ""
      while let last = word.last, last == "." || last == ":" { tail = String(word.removeLast()) + tail }
      let isAddress =
        isURL(word) || isHost(word[...]) || causes.contains(previous) && word.contains { ".:".contains($0) }
      output.append(isAddress ? "[address]" : word)
      output.append(tail)
      previous = word
    }
    return String(decoding: output.bytes, as: UTF8.self)
  }

  /// Causes that are followed by an address, as Node.js and Bun write them.
  private static let causes: Set = [
    "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH",
  ]

  private static func isDelimiter(_ byte: UInt8) -> Bool { byte <= Ascii.space || delimiters.contains(byte) }

  private static let delimiters = Set("()\"'`,;<>{}|=".utf8)

  /// A URL of a host that has no public name, or with a port.
  private static func isURL(_ word: String) -> Bool {
    guard let scheme = word.firstRange(of: "://") else { return false }
    let authority = word[scheme.upperBound...].prefix { !"/?#".contains($0) }
    return isHost(authority) || authority.contains(":") || !authority.contains(".")
  }

  /// A loopback name or an IP literal, perhaps with a port.
  private static func isHost(_ word: Substring) -> Bool {
    if word.hasPrefix("[") || word.contains("::") { return isIPv6(word) }
    let authority = word.prefix { $0 != "/" }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    guard let host = parts.first, parts.count <= 2, parts.count == 1 || UInt16(parts[1]) != nil else { return false }
    let bytes = host.split(separator: ".", omittingEmptySubsequences: false)
    return host == "localhost" || host.hasSuffix(".localhost")
      || bytes.count == 4 && bytes.allSatisfy { UInt8($0) != nil }
  }

  private static func isIPv6(_ word: Substring) -> Bool {
    word.utf8.contains(Ascii.colon)
      && word.utf8.allSatisfy {
        Ascii.hexValue($0) != nil || $0 == Ascii.colon || $0 == Ascii.openBracket || $0 == Ascii.closeBracket
          || $0 == UInt8(ascii: ".")
      }
  }
}
