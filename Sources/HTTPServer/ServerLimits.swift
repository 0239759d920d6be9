public import HTTP

/// What the server may take, in bytes and time. The limits of one connection are members, too.
@dynamicMemberLookup
public struct ServerLimits: Sendable, Equatable {
  public var connection = HTTP1Limits()
  /// Bytes of the bodies that are held for routes at the same time, from their arrival until they have been read. One more:
  /// 503. One account may hold half of it.
  public var bodiesInFlight = 256 * 1024 * 1024
  /// Reads of 64 KiB from one connection in one turn of the loop, where one read has not emptied it.
  public var readsPerTurn = 4
  /// Connections that are read so often in one turn; others wait for their turn after the first read.
  public var readersPerTurn = 4
  /// Connections at the same time. More are refused with 503.
  public var connections = 10_000
  /// Refused connections that linger, besides those, until their clients have the 503. More are closed without one.
  public var refusals = 256

  public init() {}

  public subscript<Value>(dynamicMember member: WritableKeyPath<HTTP1Limits, Value>) -> Value {
    get { connection[keyPath: member] }
    set { connection[keyPath: member] = newValue }
  }
}
