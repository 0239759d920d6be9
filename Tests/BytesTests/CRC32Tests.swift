import Bytes
import Testing

struct CRC32Tests {
  @Test(
    "checksums equal published values",
    arguments: [
      ("", 0), ("a", 0xE8B7_BE43), ("123456789", 0xCBF4_3926),
      ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
    ] as [(String, UInt32)])
  func known(text: String, sum: UInt32) {
    #expect(CRC32.checksum(Array(text.utf8).span) == sum)
  }

  @Test("a checksum in parts equals the whole one, wherever it is split")
  func parts() {
    let bytes = (0..<100).map { UInt8($0 * 7 % 251) }
    let whole = CRC32.checksum(bytes.span)
    for cut in 0...bytes.count {
      let first = CRC32.checksum(Array(bytes[..<cut]).span)
      #expect(CRC32.checksum(Array(bytes[cut...]).span, after: first) == whole)
    }
  }
}
