/// A response as a client reads it.
package struct TestResponse: Equatable, Sendable {
  package let statusLine: String
  package let fields: [String]
  package let body: [UInt8]

  package var status: Int { Int(statusLine.split(separator: " ")[1]) ?? 0 }
  package var text: String { String(decoding: body, as: UTF8.self) }

  package subscript(name: String) -> String? {
    fields.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
  }

  /// The complete answers at the beginning of `bytes`.
  ///
  /// - Parameter toHead: the answers are to HEAD requests and have no bodies.
  package static func parse(_ bytes: [UInt8], toHead: Bool = false) -> [TestResponse] {
    var rest = bytes[...]
    return take(&rest, toHead: toHead)
  }

  /// Takes the complete answers from the beginning of `bytes`.
  package static func take(_ bytes: inout ArraySlice<UInt8>, toHead: Bool) -> [TestResponse] {
    var responses: [TestResponse] = []
    var rest = bytes
    while let response = next(&rest, toHead) {
      responses.append(response)
      bytes = rest
    }
    return responses
  }

  private static func next(_ rest: inout ArraySlice<UInt8>, _ toHead: Bool) -> TestResponse? {
    var lines: [String] = []
    while let line = line(&rest), !line.isEmpty { lines.append(line) }
    guard let statusLine = lines.first, rest.startIndex > 0 else { return nil }
    let head = TestResponse(statusLine: statusLine, fields: Array(lines.dropFirst()), body: [])
    guard !toHead, head.status >= 200, head.status != 204 else { return head }
    guard let body = head["transfer-encoding"] == "chunked" ? chunks(&rest) : counted(&rest, head["content-length"])
    else {
      return nil
    }
    return TestResponse(statusLine: statusLine, fields: head.fields, body: body)
  }

  private static func line(_ rest: inout ArraySlice<UInt8>) -> String? {
    guard let end = rest.firstIndex(of: 0x0A), end > rest.startIndex, rest[end - 1] == 0x0D else {
      rest = []
      return nil
    }
    defer { rest = rest[(end + 1)...] }
    return String(decoding: rest[..<(end - 1)], as: UTF8.self)
  }

  private static func counted(_ rest: inout ArraySlice<UInt8>, _ length: String?) -> [UInt8]? {
    guard let count = length.flatMap({ Int($0) }), rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  private static func chunks(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    var body: [UInt8] = []
    while let size = line(&rest).flatMap({ Int($0, radix: 16) }), rest.count >= size + 2 {
      body += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
      if size == 0 { return body }
    }
    return nil
  }
}
