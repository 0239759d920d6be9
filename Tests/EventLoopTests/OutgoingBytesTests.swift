import Bytes
import TestSupport
import Testing

@testable import EventLoop

@Suite
struct OutgoingBytesTests {
  @Test("bytes come out in order, however they are added and consumed", arguments: 0..<200 as Range<UInt64>)
  func stream(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var outgoing = OutgoingBytes()
    var (given, taken) = ([UInt8](), [UInt8]())
    for _ in 0..<40 {
      if Bool.random(using: &random) {
        let piece = (0..<Int.random(in: 0...9, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        outgoing.append(piece)
        given += piece
      } else if !outgoing.isEmpty {
        let next = outgoing.withNext { $0.bytes(in: 0..<$0.count) }
        let amount = Int.random(in: 1...next.count, using: &random)
        taken += next[..<amount]
        outgoing.consume(amount)
      }
      #expect(outgoing.count == given.count - taken.count)
    }
    #expect(given.starts(with: taken))
    outgoing.removeAll()
    #expect(outgoing.isEmpty)
  }
}
