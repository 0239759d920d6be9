/// The CRC-32 of IEEE 802.3 (polynomial 0xEDB88320, reflected), as gzip and PNG use it.
public enum CRC32 {
  /// - Parameter previous: the checksum of the bytes before these, for data that comes in parts.
  public static func checksum(_ bytes: Span<UInt8>, after previous: UInt32 = 0) -> UInt32 {
    let tables = CRC32.tables.span
    var sum = ~previous
    var index = 0
    // Four bytes at a time: a table for each of their places.
    while index + 4 <= bytes.count {
      sum ^= word(bytes, index)
      let low = tables[768 + Int(sum & 0xFF)] ^ tables[512 + Int(sum >> 8 & 0xFF)]
      let high = tables[256 + Int(sum >> 16 & 0xFF)] ^ tables[Int(sum >> 24)]
      sum = low ^ high
      index += 4
    }
    while index < bytes.count {
      sum = tables[Int((sum ^ UInt32(bytes[index])) & 0xFF)] ^ sum >> 8
      index += 1
    }
    return ~sum
  }

  /// Four tables of 256: what a byte does to the sum when none, one, two or three bytes follow it.
  private static let tables: [UInt32] = {
    var tables: [UInt32] = []
    for byte in 0..<UInt32(256) { tables.append((0..<8).reduce(byte) { sum, _ in step(sum) }) }
    for index in 256..<1024 {
      let before = tables[index - 256]
      tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
    }
    return tables
  }()

  private static func step(_ sum: UInt32) -> UInt32 { sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }

  private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
    let low = UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8
    return low | UInt32(bytes[index + 2]) << 16 | UInt32(bytes[index + 3]) << 24
  }
}
