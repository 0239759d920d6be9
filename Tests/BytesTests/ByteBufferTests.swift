import Bytes
import TestSupport
import Testing

struct ByteBufferTests {
  @Test("bytes come out in the order they were added, whatever their form")
  func order() {
    var buffer = ByteBuffer()
    buffer.append(UInt8(ascii: "a"))
    buffer.append([0x62, 0x63])
    buffer.append("dé")
    buffer.append([UInt8]("fg".utf8).span)
    var other = ByteBuffer("xhi".utf8)
    other.consume(1)
    buffer.append(other)
    #expect(buffer.bytes == Array("abcdéfghi".utf8))
    #expect(buffer.count == 10)
  }

  @Test("offsets count from the first unconsumed byte")
  func offsets() {
    var buffer = ByteBuffer("0123456789".utf8)
    buffer.consume(4)
    buffer[1] = UInt8(ascii: "!")
    #expect(buffer.count == 6)
    #expect(buffer[0] == UInt8(ascii: "4"))
    #expect(buffer.bytes(in: 1..<3) == Array("!6".utf8))
    var taken = Array("<".utf8)
    buffer.append(1..<3, to: &taken)
    #expect(taken == Array("<!6".utf8))
    let span = (count: buffer.span.count, last: buffer.span[5])
    #expect(span == (6, UInt8(ascii: "9")))
    #expect(buffer.bytes == Array("4!6789".utf8))
  }

  @Test("an emptied buffer can be reused", arguments: [1, 100, 4096, 64 * 1024, 64 * 1024 + 1])
  func emptying(size: Int) {
    var buffer = ByteBuffer([UInt8](repeating: 1, count: size))
    buffer.consume(size)
    #expect(buffer.isEmpty)
    #expect(buffer.bytes == [])
    buffer.append("new")
    #expect(buffer.bytes == Array("new".utf8))
    buffer.removeAll()
    #expect(buffer.isEmpty)
  }

  @Test("dropping bytes at the end keeps the others")
  func removingLast() {
    var buffer = ByteBuffer("abcdef".utf8)
    buffer.consume(1)
    buffer.removeLast(2)
    #expect(buffer.bytes == Array("bcd".utf8))
    buffer.removeLast(3)
    #expect(buffer.isEmpty)
  }

  @Test("random appends and consumes agree with an array", arguments: UInt64(1)...8)
  func model(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var buffer = ByteBuffer()
    var model: [UInt8] = []
    for _ in 0..<200 {
      let part = (0..<Int.random(in: 0...6000, using: &generator)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      buffer.append(part)
      model += part
      let consumed = Int.random(in: 0...min(model.count, 9000), using: &generator)
      buffer.consume(consumed)
      model.removeFirst(consumed)
      #expect(buffer.count == model.count)
      #expect(buffer.isEmpty == model.isEmpty)
      #expect(buffer.bytes == model)
    }
  }

  @Test(
    "an integer is appended as its decimal digits", arguments: [0, 7, 10, 99, 100, 65_535, 1_000_000, .max, -1, .min])
  func decimal(value: Int) {
    var buffer = ByteBuffer()
    buffer.append(decimal: value)
    #expect(String(decoding: buffer.bytes, as: UTF8.self) == String(value))
  }
}
