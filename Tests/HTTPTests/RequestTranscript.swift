import Bytes
import HTTP

/// What a parser said about some bytes, in a form that can be compared: neighbouring body parts are one.
enum RequestTranscript: Equatable {
  case head(String)
  case body([UInt8])
  case end
  case refused(HTTPStatus)

  /// Feeds `chunks` one after the other, taking all events in between.
  static func of(_ chunks: [some Collection<UInt8>], _ limits: HTTPLimits = HTTPLimits()) -> [RequestTranscript] {
    var parser = HTTPRequestParser(limits: limits)
    var input = ByteBuffer()
    var body: [UInt8] = []
    var transcript: [RequestTranscript] = []
    do {
      for chunk in chunks {
        input.append(Array(chunk))
        while let event = try parser.next(&input, body: &body) {
          transcript.takeBody(&body)
          transcript.add(event)
        }
        transcript.takeBody(&body)
      }
    } catch {
      transcript.takeBody(&body)
      transcript.append(.refused(error.status))
    }
    return transcript
  }

  static func of(_ text: String, _ limits: HTTPLimits = HTTPLimits()) -> [RequestTranscript] { of([text.utf8], limits) }

  static func body(_ text: String) -> RequestTranscript { .body(Array(text.utf8)) }
}

extension [RequestTranscript] {
  fileprivate mutating func add(_ event: HTTPRequestParser.Event) {
    switch event {
    case .head(let head, _): append(.head("\(head.method) \(head.target) \(head.version)"))
    case .end: append(.end)
    }
  }

  fileprivate mutating func takeBody(_ body: inout [UInt8]) {
    guard !body.isEmpty else { return }
    if case .body(let before) = last {
      self[count - 1] = .body(before + body)
    } else {
      append(.body(body))
    }
    body = []
  }
}
