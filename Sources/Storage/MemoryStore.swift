public import Bytes
import Synchronization
import System

/// Keeps documents as long as the program runs.
public final class MemoryStore: Store {
  private let values = Lock<[String: JSONValue]>([:])

  public init() {}

  public func load() async throws(StorageError) -> [String: JSONValue] { values.withLock { $0 } }

  public func put(_ key: String, _ value: JSONValue?) { values.withLock { $0[key] = value } }

  public func flush() async throws(StorageError) {}

  public var failure: StorageError? { nil }
}
