public import Bytes

/// Keeps small JSON documents by key. The last put of a key counts.
public protocol Store: Sendable {
  /// All documents.
  ///
  /// - Throws: `StorageError` when it cannot be read.
  func load() async throws(StorageError) -> [String: JSONValue]

  /// Keeps `value`, or removes the key for nil. Returns at once; `flush` waits until it is durable.
  func put(_ key: String, _ value: JSONValue?)

  /// Returns when everything that was put before is durable.
  ///
  /// - Throws: `StorageError` when it is not. The store has it still, and tries again with the next put or flush.
  func flush() async throws(StorageError)

  /// Why what was put is not durable, as of the last attempt to write; nil if it is.
  var failure: StorageError? { get }
}

/// Why a store cannot be used.
public struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
