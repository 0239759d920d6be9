/// A JSON document as text, on one line: for large documents, encoded off the loop.
public struct EncodedJSON: Sendable, Equatable {
  public let bytes: [UInt8]

  public init(_ value: JSONValue) { bytes = value.encoded }

  /// - Parameter bytes: one valid JSON document without line ends.
  public init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  /// The parsed document; nil if it is invalid.
  public var value: JSONValue? { try? JSONValue(parsing: bytes) }
}
