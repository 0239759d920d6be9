/// A JSON document as text, on one line: for what is large, and encoded where that takes nobody's time.
public struct EncodedJSON: Sendable, Equatable {
  public let bytes: [UInt8]

  public init(_ value: JSONValue) { bytes = value.encoded }

  /// - Parameter bytes: one valid JSON document without line ends.
  public init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  /// The document, read. Nil if it is none.
  public var value: JSONValue? { try? JSONValue(parsing: bytes) }
}
