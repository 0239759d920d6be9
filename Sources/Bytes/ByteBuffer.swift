/// Bytes that are appended at the end and consumed from the front.
///
/// Consuming only moves an index; the storage is compacted when more than half of it has been consumed.
public struct ByteBuffer: Sendable {
  private var storage: [UInt8]
  private var head = 0
  private let retained: Int

  /// - Parameter capacity: how much memory an emptied buffer may keep.
  public init(retaining capacity: Int = ByteBuffer.retainedCapacity) {
    storage = []
    retained = capacity
  }

  public init(_ bytes: some Sequence<UInt8>) {
    storage = Array(bytes)
    retained = ByteBuffer.retainedCapacity
  }

  /// Makes room for `count` more bytes: they are appended without moving what is there.
  public mutating func reserve(_ count: Int) { storage.reserveCapacity(storage.count + count) }

  /// What it can hold without asking for memory.
  public var capacity: Int { storage.capacity }

  /// The number of bytes not yet consumed.
  public var count: Int { storage.count - head }

  public var isEmpty: Bool { storage.count == head }

  /// The unconsumed bytes, in place. Index 0 is the first unconsumed byte.
  public var span: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { storage.span.extracting(head..<storage.count) }
  }

  /// - Parameter count: bytes it will hold: they are appended without moving what is there.
  public init(reserving count: Int) {
    self.init()
    storage.reserveCapacity(count)
  }

  public init(_ bytes: [UInt8]) {
    storage = bytes
    retained = ByteBuffer.retainedCapacity
  }

  /// The unconsumed bytes. They are copied where something was consumed, or when the buffer changes afterwards.
  public var bytes: [UInt8] { head == 0 ? storage : Array(storage[head...]) }

  /// The byte at `offset` from the first unconsumed one.
  public subscript(offset: Int) -> UInt8 {
    get { storage[head + offset] }
    set { storage[head + offset] = newValue }
  }

  /// A copy of a part, in offsets from the first unconsumed byte.
  public func bytes(in range: Range<Int>) -> [UInt8] {
    Array(storage[(head + range.lowerBound)..<(head + range.upperBound)])
  }

  /// Appends a part to `bytes`; `range` in offsets from the first unconsumed byte.
  public func append(_ range: Range<Int>, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: storage[(head + range.lowerBound)..<(head + range.upperBound)])
  }

  /// Drops `count` bytes from the front.
  public mutating func consume(_ count: Int) {
    head += count
    if head == storage.count {
      // A burst must not pin its buffer for the rest of the connection's life.
      if storage.capacity > retained {
        storage = []
      } else {
        storage.removeAll(keepingCapacity: true)
      }
      head = 0
    } else if head > storage.count / 2 && head >= ByteBuffer.compactionFloor {
      storage.removeSubrange(..<head)
      head = 0
    }
  }

  public mutating func removeAll() { consume(count) }

  /// Drops `count` bytes from the end.
  public mutating func removeLast(_ count: Int) { storage.removeLast(count) }

  public mutating func append(_ byte: UInt8) { storage.append(byte) }

  public mutating func append(_ bytes: [UInt8]) { storage.append(contentsOf: bytes) }

  public mutating func append(_ string: String) { storage.append(contentsOf: string.utf8) }

  public mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { pointer in unsafe storage.append(contentsOf: pointer) }
  }

  public mutating func append(_ other: ByteBuffer) { storage.append(contentsOf: other.storage[other.head...]) }

  /// Appends a decimal integer without building a String.
  public mutating func append(decimal value: Int) {
    guard value >= 0 else {
      append(String(value))
      return
    }
    var divisor = 1
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      storage.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  public static let retainedCapacity = 64 * 1024
  private static let compactionFloor = 4 * 1024
}
