public import Bytes

/// The form of one record in a journal: the length of its payload (4 bytes), the checksum of kind and payload (4 bytes),
/// the kind (1 byte), the payload. Numbers are little endian.
///
/// The checksum is filled in when the record goes to the disk: in memory it is zero.
public enum JournalRecord {
  /// Bytes before the payload.
  public static let headerLength = 9
  /// The longest payload: a line of the CLI has up to 64 MiB and is part of a turn's outcome; a request has up to half
  /// of that, and is stored with escapes.
  public static let maximumPayload = 256 * 1024 * 1024

  /// Appends a record without its checksum.
  public static func append(kind: UInt8, _ payload: Span<UInt8>, to output: inout ByteBuffer) {
    append(UInt32(payload.count), to: &output)
    append(0, to: &output)
    output.append(kind)
    output.append(payload)
  }

  /// Appends the header of a record whose payload is still to be written; see `close`.
  public static func open(kind: UInt8, in output: inout ByteBuffer) { append(kind: kind, [UInt8]().span, to: &output) }

  /// Fills in the length of an opened record, which is all of `record`.
  public static func close(_ record: inout ByteBuffer) {
    let length = UInt32(record.count - headerLength)
    for index in 0..<4 { record[index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
  }

  private static func append(_ number: UInt32, to output: inout ByteBuffer) {
    for shift in [0, 8, 16, 24] as [UInt32] { output.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// What is found at some offset of a journal.
  public enum Finding: Equatable, Sendable {
    /// A record; the range is its payload's.
    case record(kind: UInt8, payload: Range<Int>)
    /// A part of a record, and the length of the whole; only a lower bound if the header is incomplete.
    case part(of: Int)
    /// Not a record.
    case damaged
  }

  /// Examines the record at `offset`.
  ///
  /// - Parameter checks: whether the checksum is verified, as for records from the disk.
  public static func find(in bytes: Span<UInt8>, at offset: Int, checks: Bool) -> Finding {
    guard offset + headerLength <= bytes.count else { return .part(of: headerLength) }
    let length = Int(number(bytes, offset))
    guard length <= maximumPayload else { return .damaged }
    let payload = (offset + headerLength)..<(offset + headerLength + length)
    guard payload.upperBound <= bytes.count else { return .part(of: headerLength + length) }
    guard !checks || checksum(bytes, payload) == number(bytes, offset + 4) else { return .damaged }
    return .record(kind: bytes[offset + 8], payload: payload)
  }

  /// Of the kind and the payload, which are adjacent.
  private static func checksum(_ bytes: Span<UInt8>, _ payload: Range<Int>) -> UInt32 {
    CRC32.checksum(bytes.extracting((payload.lowerBound - 1)..<payload.upperBound))
  }

  private static func number(_ bytes: Span<UInt8>, _ offset: Int) -> UInt32 {
    UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
      | UInt32(bytes[offset + 3]) << 24
  }

  /// The same records, each with its checksum.
  static func sealed(_ records: [UInt8]) -> [UInt8] {
    var sealed = records
    var offset = 0
    while case .record(_, let payload) = find(in: records.span, at: offset, checks: false) {
      let sum = checksum(records.span, payload)
      for index in 0..<4 { sealed[offset + 4 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index)) }
      offset = payload.upperBound
    }
    return sealed
  }

  /// The length of the whole records at the beginning of `bytes`.
  static func wholeLength(of bytes: [UInt8]) -> Int {
    var offset = 0
    while case .record(_, let payload) = find(in: bytes.span, at: offset, checks: true) { offset = payload.upperBound }
    return offset
  }
}
