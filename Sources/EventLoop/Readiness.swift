import CLinux

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let readable = Readiness(rawValue: 0x001)
  public static let writable = Readiness(rawValue: 0x004)
  public static let failed = Readiness(rawValue: 0x008)
  /// Both directions are closed.
  public static let hungUp = Readiness(rawValue: 0x010)
  /// The peer has closed its sending half.
  public static let peerFinished = Readiness(rawValue: 0x2000)

  /// All events, edge-triggered (EPOLLET): an event comes when something changes, and not again before the next change.
  static let interest: UInt32 = 0x001 | 0x004 | 0x2000 | 1 << 31
}

/// Receives the readiness of one descriptor. The loop keeps it alive until the descriptor is closed.
@Reactor
public protocol DescriptorHandler: AnyObject {
  func descriptorIsReady(_ readiness: Readiness)
}
