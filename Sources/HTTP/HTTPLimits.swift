/// Limits of a request, in bytes.
public struct HTTPLimits: Sendable, Equatable {
  /// The request target. Longer: 414.
  public var target = 8 * 1024
  /// The whole head, request line included. Longer: 431.
  public var head = 32 * 1024
  /// How many header fields. More: 431.
  public var fields = 100
  /// The body, declared or chunked. Longer: 413.
  public var body = 32 * 1024 * 1024
  /// A chunk's size line with its extensions, and all trailer fields together. Longer: 400.
  public var chunkLine = 4 * 1024

  public init() {}
}
