import Bytes
import Storage
import TestSupport
import Testing

@testable import ClaudeCode

struct JournalWindowTests {
  private func window(_ payloads: [String], segment: Int = 30) -> JournalWindow {
    var window = JournalWindow(segmentLength: segment)
    for payload in payloads { window.append(2, Array(payload.utf8).span) }
    return window
  }

  private let words = ["one", "two", "three", "four", "five", "six", "seven"]

  @Test("pages are whole records up to the end of their segment")
  func pages() {
    let window = window(words)
    var (offset, found) = (0, [UInt8]())
    while let page = window.page(from: offset) {
      found += page
      offset += page.count
    }
    #expect(offset == window.end && found == window.bytes(from: 0))
    #expect(window.page(from: window.end) == nil)
  }

  @Test("old segments are dropped whole, and protected ones stay")
  func shrinking() {
    var window = window(words)
    let all = window.bytes(from: 0)
    window.shrink(to: 0, before: 0)
    #expect(window.start == 0)
    window.shrink(to: window.count - 1, before: window.end)
    #expect(window.start == 38)
    #expect(window.bytes(from: window.start) == Array(all[window.start...]))
    #expect(window.page(from: window.start - 1) == nil)
    window.shrink(to: 0, before: window.end)
    #expect(window.count == 0 && window.end == all.count)
    window.append(2, Array("eight".utf8).span)
    #expect(window.page(from: all.count)?.count == 14)
  }

  @Test("a record longer than a segment has a segment of its own", arguments: [59, 60, 61])
  func large(length: Int) {
    var window = window(["one"])
    let record = JournalRecord.unsealed([UInt8](repeating: 7, count: length - JournalRecord.headerLength))
    window.append(record)
    window.append(2, Array("two".utf8).span)
    #expect(window.page(from: 12) == record)
    #expect(window.bytes(from: 12).count == (length < 60 ? length + 12 : length))
    #expect(window.bytes(from: 12 + length).count == 12)
    #expect(window.bytes(from: 13).count == length + 11)
  }

  @Test("a short record joins the open segment")
  func short() {
    var window = window(["one"])
    window.append(JournalRecord.unsealed([7]))
    #expect(window.page(from: 0)?.count == 22)
  }
}

extension JournalRecord {
  fileprivate static func unsealed(_ payload: [UInt8]) -> [UInt8] {
    var record = ByteBuffer()
    open(kind: 1, in: &record)
    record.append(payload)
    close(&record)
    return record.bytes
  }
}
