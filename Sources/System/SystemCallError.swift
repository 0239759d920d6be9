import Glibc

/// A system call that failed, with its `errno`.
public struct SystemCallError: Error, Sendable, Equatable, CustomStringConvertible {
  public let call: String
  public let code: Int32

  /// - Parameter code: an `errno` value.
  public init(_ call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// Whether the call may succeed when descriptors, processes or memory become free.
  public var isShortage: Bool { [EMFILE, ENFILE, EAGAIN, ENOMEM].contains(code) }

  public var description: String { "\(call): \(unsafe String(cString: strerror(code)))" }
}

extension SystemCallError {
  /// The failure of the call that was just made.
  package init(_ call: String) { self.init(call, code: errno) }
}
