import Bytes
import HTTP

/// The request parser gives the same events, or the same error, however its input is cut.
enum RequestCheck {
  static let chunkedHead = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)

  /// Small limits, so that short inputs reach them.
  private static let limits: HTTPLimits = {
    var limits = HTTPLimits()
    limits.target = 64
    limits.head = 256
    limits.fields = 6
    limits.body = 512
    limits.chunkLine = 48
    return limits
  }()

  static func run(_ input: [UInt8]) throws(Finding) {
    let whole = try events([input])
    for pieces in Cut.ways(input) {
      let cut = try events(pieces)
      guard whole == cut else { throw Finding("whole: \(whole)\ncut:   \(cut)") }
    }
  }

  private static func events(_ pieces: [[UInt8]]) throws(Finding) -> [String] {
    var parser = HTTPRequestParser(limits: limits)
    var buffer = ByteBuffer()
    var seen: [String] = []
    var body: [UInt8] = []
    for piece in pieces {
      buffer.append(piece)
      do throws(HTTPProtocolError) {
        while let event = try parser.next(&buffer, body: &body) {
          seen.append("\(body)")
          body = []
          seen.append(text(event))
        }
      } catch {
        return seen + ["\(body)", "\(error.status.rawValue) \(error.message)"]
      }
      guard body.count <= limits.body else { throw Finding("a body of \(body.count) bytes") }
    }
    return seen + ["\(body)", "rest: \(buffer.bytes)"]
  }

  private static func text(_ event: HTTPRequestParser.Event) -> String {
    guard case .head(let head, let length) = event else { return "end" }
    let hosts = head.fields.all("host") + head.fields.all("content-length") + head.fields.all("transfer-encoding")
    return "\(head.method) \(head.target) \(head.path) \(head.segments) \(head.query ?? "-") \(head.version) "
      + "\(head.fields.count) \(length) \(hosts) \(head.keepsAlive) \(head.expectsContinue) \(head.queryItem("a") ?? "-")"
  }
}
