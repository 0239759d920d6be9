import Bytes
import Glibc

/// A streamed chat completion, parsed as strictly as a client could parse it.
struct CompletionStream {
  /// The content of all deltas.
  private(set) var content = ""
  private var finishReason: String?
  private var isDone = false

  /// - Parameter response: all bytes of the connection.
  init(_ response: [UInt8]) throws {
    guard response.starts(with: Array("HTTP/1.1 200 OK\r\n".utf8)),
      let headEnd = response.firstRange(of: Array("\r\n\r\n".utf8))
    else { throw BenchFailure("not a 200: \(String(decoding: response.prefix(200), as: UTF8.self))") }
    for line in try CompletionStream.body(response[headEnd.upperBound...]).split(separator: Ascii.lineFeed) {
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

  /// Decodes the chunks (RFC 9112 section 7.1).
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

/// Times a streamed chat completion of the server.
struct TimedCompletion {
  /// Milliseconds from sending the request to the first content.
  let firstToken: Double
  let session: String

  /// - Parameters:
  ///   - session: the one to continue; nil for a new one.
  ///   - workspace: nil for the shared one.
  init(_ prompt: String, session: String?, in workspace: String? = nil, port: UInt16) throws {
    guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
    defer { close(descriptor) }
    let request = Request.translated(prompt, continuing: session, in: workspace)
    var response = ResponseReader(descriptor)
    let begun = ContinuousClock.now
    guard Descriptors.write(descriptor, request, 0..<request.count) == request.count else {
      throw BenchFailure(call: "write")
    }
    firstToken = (try response.read(until: "\"content\":\"w0 ") - begun).microseconds / 1000
    try response.readToEnd()
    let lines = String(decoding: response.bytes, as: UTF8.self).split(separator: "\r\n")
    let field = "x-session-id: "
    guard let line = lines.first(where: { $0.hasPrefix(field) }) else {
      throw BenchFailure("a response has no x-session-id")
    }
    self.session = String(line.dropFirst(field.count))
  }
}
