import Bytes
import EventLoop
import Glibc
import HTTP

/// The received requests: a line for each in a file, and the bodies of messages requests in memory.
@Reactor
final class RequestLog {
  /// How many bodies are kept. Each has up to 100 KB, mostly the system prompt and tools.
  nonisolated static let keptBodies = 512

  private let descriptor: Int32?
  private var bodies: [[UInt8]] = []

  /// - Parameter path: the file for the lines; nil for none.
  init(path: String?) {
    descriptor = path.map { unsafe open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
  }

  var isOpen: Bool { descriptor.map { $0 >= 0 } ?? true }

  func add(_ head: HTTPRequestHead, _ bytes: [UInt8]) {
    let body = RequestLog.line(bytes)
    if head.method == "POST", head.path == "/v1/messages" { keep(body) }
    guard let descriptor else { return }
    var line = ByteBuffer()
    line.append(RequestLog.opening(head))
    line.append(body)
    line.append("}\n")
    // One write, so that the lines of two stubs that share a file do not mix.
    let bytes = line.bytes
    _ = unsafe write(descriptor, bytes, bytes.count)
  }

  /// All kept bodies, as a JSON array.
  var document: [UInt8] {
    [Ascii.openBracket] + Array(bodies.joined(separator: [Ascii.comma])) + [Ascii.closeBracket, Ascii.lineFeed]
  }

  func removeAll() { bodies = [] }

  private func keep(_ body: [UInt8]) {
    bodies.append(body)
    if bodies.count > RequestLog.keptBodies { bodies.removeFirst() }
  }

  // The bytes as received where they are one line: parsing and encoding would repair lone surrogates.
  private static func line(_ body: [UInt8]) -> [UInt8] {
    guard let value = try? JSONValue(parsing: body) else {
      return body.isEmpty ? Array("null".utf8) : JSONValue.string(String(decoding: body, as: UTF8.self)).encoded
    }
    return body.contains(Ascii.lineFeed) ? value.encoded : body
  }

  private static func opening(_ head: HTTPRequestHead) -> String {
    var headers = JSONObject()
    headers["x-api-key"] = head.fields["x-api-key"].map { .string(masked($0)) }
    headers["authorization"] = head.fields["authorization"].map { .string(masked($0)) }
    headers["anthropic-beta"] = head.fields["anthropic-beta"].map { .string($0) }
    headers["anthropic-version"] = head.fields["anthropic-version"].map { .string($0) }
    headers["user-agent"] = head.fields["user-agent"].map { .string($0) }
    let line: JSONValue = [
      "method": .string(head.method), "path": .string(head.target), "headers": .object(headers),
    ]
    return String(line.text.dropLast()) + ",\"body\":"
  }

  /// The first 8 characters; of a short key only the first half.
  private static func masked(_ key: String) -> String { String(key.prefix(min(8, key.count / 2))) + "…" }
}
