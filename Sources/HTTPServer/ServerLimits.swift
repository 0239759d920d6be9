public import HTTP

/// What a connection may take, in bytes and time.
public struct ServerLimits: Sendable, Equatable {
  public var http = HTTPLimits()
  /// From the first byte of a head to its last. Longer: 408.
  public var headTimeout: Duration = .seconds(10)
  /// The longest silence inside a request body. Longer: 408.
  public var bodyTimeout: Duration = .seconds(30)
  /// The least average rate of a body, in bytes per second, `bodyGrace` after its beginning. Slower: 408.
  public var bodyRate = 4 * 1024
  /// How long a body may be slower.
  public var bodyGrace: Duration = .seconds(30)
  /// How long an unused connection stays open.
  public var idleTimeout: Duration = .seconds(75)
  /// How long we wait for the client's end of the connection after a final answer.
  public var lingerTimeout: Duration = .seconds(2)
  /// Bytes that are read and dropped while that is awaited. More: the connection is closed. As much as the largest body, so
  /// that a client that sends one whole before it reads still gets its 413.
  public var lingerBytes = 32 * 1024 * 1024
  /// Bytes of the bodies that are held for routes at the same time, from their arrival until they have been read. One more:
  /// 503. One account may hold half of it.
  public var bodiesInFlight = 256 * 1024 * 1024
  /// Bytes of a body that nothing takes: of a request that was refused, or whose route takes none. They are read and
  /// dropped. A longer body: 413 from such a route; after a refusal the connection is closed.
  public var unwantedBody = 64 * 1024
  /// Reads of 64 KiB from one connection in one turn of the loop, where one read has not emptied it.
  public var readsPerTurn = 4
  /// Connections that are read so often in one turn; others wait for their turn after the first read.
  public var readersPerTurn = 4
  /// How long a client may take nothing of an answer that waits for it.
  public var stallTimeout: Duration = .seconds(60)
  /// Unsent bytes above which a streaming source is asked to pause.
  public var outputHighWater = 256 * 1024
  /// Unsent bytes below which it may go on.
  public var outputLowWater = 64 * 1024
  /// Bytes of further requests that are read ahead while one is answered.
  public var pipelinedBytes = 64 * 1024
  /// Connections at the same time. More are refused with 503.
  public var connections = 10_000
  /// Refused connections that linger, beside those, until their clients have the 503. More are closed without one.
  public var refusals = 256

  public init() {}
}
