import Bytes
import Storage

/// The newest part of a journal, in memory: a stream of records whose beginning may be gone. A value.
///
/// Offsets are the same in memory and in the file.
struct JournalWindow {
  private struct Segment {
    let start: Int
    var bytes = ByteBuffer(retaining: 0)
    var end: Int { start + bytes.count }
  }

  /// The oldest first; there is always one.
  private var segments: [Segment]
  private let segmentLength: Int

  /// - Parameters:
  ///   - start: the offset of the window's beginning.
  ///   - segmentLength: how much memory is freed at once.
  init(from start: Int = 0, segmentLength: Int) {
    segments = [Segment(start: start)]
    self.segmentLength = segmentLength
  }

  var start: Int { segments[0].start }
  var end: Int { segments[segments.count - 1].end }
  var count: Int { end - start }

  mutating func append(_ kind: UInt8, _ payload: Span<UInt8>) {
    if segments[segments.count - 1].bytes.count >= segmentLength { segments.append(Segment(start: end)) }
    JournalRecord.append(kind: kind, payload, to: &segments[segments.count - 1].bytes)
  }

  /// Appends a whole record.
  mutating func append(_ record: [UInt8]) {
    guard record.count >= segmentLength else { return segments[segments.count - 1].bytes.append(record) }
    segments.append(Segment(start: end, bytes: ByteBuffer(record)))
  }

  /// Whole records from `offset` on, which must be in the window: all of them, or only those of the first segment if
  /// that is large.
  func bytes(from offset: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for segment in segments where segment.end > offset {
      if bytes.isEmpty, let whole = whole(segment, from: offset) { return whole }
      bytes += segment.bytes.bytes(in: max(0, offset - segment.start)..<segment.bytes.count)
    }
    return bytes
  }

  /// A segment that no more is appended to, without copying it.
  private func whole(_ segment: Segment, from offset: Int) -> [UInt8]? {
    segment.start == offset && segment.bytes.count >= 2 * segmentLength ? segment.bytes.bytes : nil
  }

  /// Whole records from `offset` to the end of their segment; nil if they are not in the window.
  func page(from offset: Int) -> [UInt8]? {
    guard let segment = segments.last(where: { $0.start <= offset }), offset < segment.end else { return nil }
    return whole(segment, from: offset)
      ?? segment.bytes.bytes(in: (offset - segment.start)..<segment.bytes.count)
  }

  /// Frees the oldest segments until at most `maximum` bytes are left, but none that end behind `limit`.
  mutating func shrink(to maximum: Int, before limit: Int) {
    while count > maximum, let first = segments.first, first.end <= limit {
      segments.removeFirst()
      if segments.isEmpty { segments = [Segment(start: first.end)] }
    }
  }
}
