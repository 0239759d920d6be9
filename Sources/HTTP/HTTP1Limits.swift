/// What one HTTP/1.1 connection may take, in bytes and time.
public struct HTTP1Limits: Sendable, Equatable {
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
  /// How long the client's end of the connection is awaited after a last response.
  public var lingerTimeout: Duration = .seconds(2)
  /// Bytes that are read and dropped meanwhile. More: the connection is closed. As much as the largest body, so that a
  /// client that sends one whole before it reads still gets its 413.
  public var lingerBytes = 32 * 1024 * 1024
  /// Bytes of a body that nothing takes: of a request that was refused, or whose route takes none. They are read and
  /// dropped. A longer body: 413 from such a route; after a refusal the connection is closed.
  public var unwantedBody = 64 * 1024
  /// How long a client may take nothing of a response that waits for it.
  public var stallTimeout: Duration = .seconds(60)
  /// Unsent bytes above which a streaming source is asked to pause.
  public var outputHighWater = 256 * 1024
  /// Unsent bytes below which it may continue.
  public var outputLowWater = 64 * 1024
  /// Bytes of further requests that are read ahead while one is answered.
  public var pipelinedBytes = 64 * 1024

  public init() {}

  /// Limits in one place for many connections: copies would be a third of an idle connection's memory.
  public final class Shared: Sendable {
    let limits: HTTP1Limits

    public init(_ limits: HTTP1Limits) { self.limits = limits }
  }
}
