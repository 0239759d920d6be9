import Glibc

/// A streamed chat completion of the server, timed.
struct ServedAnswer {
  /// Milliseconds from sending the request to the first content.
  let firstToken: Double
  let session: String

  /// - Parameter session: the one to continue; nil for a new one.
  init(_ prompt: String, session: String?, port: UInt16) throws {
    guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
    defer { close(descriptor) }
    let request = Request.translated(prompt, continuing: session)
    var answer = Intake(descriptor)
    let begun = ContinuousClock.now
    guard Descriptors.write(descriptor, request, 0..<request.count) == request.count else {
      throw BenchFailure(call: "write")
    }
    firstToken = (try answer.until("\"content\":\"w0 ") - begun).microseconds / 1000
    try answer.untilEnd()
    let lines = String(decoding: answer.bytes, as: UTF8.self).split(separator: "\r\n")
    let field = "x-session-id: "
    guard let line = lines.first(where: { $0.hasPrefix(field) }) else {
      throw BenchFailure("an answer names no session")
    }
    self.session = String(line.dropFirst(field.count))
  }
}
