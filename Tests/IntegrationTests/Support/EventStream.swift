/// Server-sent events, read strictly: what this server may write and nothing else.
struct EventStream: Sendable {
  struct Event: Sendable {
    let data: String
    /// Where in the body it ends.
    let end: Int
  }

  private(set) var events: [Event] = []
  private(set) var comments: [Event] = []
  /// Lines that have no place in such a stream.
  private(set) var violations: [String] = []

  var data: [String] { events.map(\.data) }

  init(_ body: [UInt8]) {
    var data: String?
    var position = 0
    for line in body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
      position = line.endIndex + 1
      let text = String(decoding: line, as: UTF8.self)
      if text.isEmpty, let complete = data {
        events.append(Event(data: complete, end: position))
        data = nil
      } else if text.hasPrefix("data: "), data == nil {
        data = String(text.dropFirst(6))
      } else if text.hasPrefix(": ") {
        comments.append(Event(data: text, end: position))
      } else {
        violations.append(text)
      }
    }
    if position != body.count { violations.append("the last line has no end") }
    if data != nil { violations.append("the last event has no end") }
  }
}
