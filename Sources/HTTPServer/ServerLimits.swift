public import HTTP

/// The limits of the server, in bytes and time. The limits of one connection are members, too.
@dynamicMemberLookup
public struct ServerLimits: Sendable, Equatable {
  public var connection = HTTP1Limits()
  /// Bytes of the bodies that are held for routes at the same time, from their arrival until they were processed. One
  /// more is a 503. One account may hold half of it.
  public var bodiesInFlight = 256 * 1024 * 1024
  /// Reads of 64 KiB from one connection in one turn of the loop.
  public var readsPerTurn = 4
  /// Connections that are read this often in one turn; others wait after their first read.
  public var readersPerTurn = 4
  /// Connections at the same time. More are refused with 503.
  public var connections = 10_000
  /// Refused connections that linger until their clients have the 503. Further ones are closed without it.
  public var refusals = 256

  public init() {}

  public subscript<Value>(dynamicMember member: WritableKeyPath<HTTP1Limits, Value>) -> Value {
    get { connection[keyPath: member] }
    set { connection[keyPath: member] = newValue }
  }
}
