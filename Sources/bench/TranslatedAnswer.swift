import Bytes

/// A streamed chat completion, read as a client reads it; whatever a client would trip on is a failure.
struct TranslatedAnswer {
  /// All deltas together.
  private(set) var content = ""
  private var finishReason: String?
  private var isDone = false

  /// - Parameter response: everything that came over the connection.
  init(_ response: [UInt8]) throws {
    guard response.starts(with: Array("HTTP/1.1 200 OK\r\n".utf8)),
      let headEnd = response.firstRange(of: Array("\r\n\r\n".utf8))
    else { throw BenchFailure("not a 200: \(String(decoding: response.prefix(200), as: UTF8.self))") }
    for line in try TranslatedAnswer.body(response[headEnd.upperBound...]).split(separator: Ascii.lineFeed) {
      try take(String(decoding: line, as: UTF8.self))
    }
    guard isDone, finishReason == "stop" else { throw BenchFailure("a stream ends without stop or [DONE]") }
  }

  private mutating func take(_ line: String) throws {
    if line.hasPrefix(": ") { return }
    guard line.hasPrefix("data: "), !isDone else { throw BenchFailure("a line out of place: \(line)") }
    let data = String(line.dropFirst(6))
    guard data != "[DONE]" else { return isDone = true }
    guard let choice = try JSONValue(parsing: data)["choices"]?.array?.first, finishReason == nil else {
      throw BenchFailure("an event out of place: \(data)")
    }
    content += choice["delta"]?["content"]?.string ?? ""
    finishReason = choice["finish_reason"]?.string
  }

  /// Takes the chunks apart (RFC 9112 section 7.1).
  private static func body(_ chunked: ArraySlice<UInt8>) throws -> [UInt8] {
    var (rest, body) = (chunked, [UInt8]())
    while let lineEnd = rest.firstIndex(of: Ascii.carriageReturn),
      let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16)
    {
      rest = rest[lineEnd...].dropFirst(2)
      if size == 0 { return body }
      body += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    throw BenchFailure("the last chunk is missing")
  }
}
