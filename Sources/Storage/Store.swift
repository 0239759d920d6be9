public import Bytes

/// Keeps small JSON documents by key. What is put last counts; the order of puts is kept.
public protocol Store: Sendable {
  /// Everything that is kept.
  ///
  /// - Throws: `StorageError` when it cannot be read.
  func load() async throws(StorageError) -> [String: JSONValue]

  /// Keeps `value`, or forgets the key for nil. Returns at once; `flush` waits until it is safe.
  func put(_ key: String, _ value: JSONValue?)

  /// Returns when everything that was put before is where it will be found again.
  func flush() async
}

/// Why a store cannot be used.
public struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
