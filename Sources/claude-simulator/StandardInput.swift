import Glibc

/// Standard input as one text, for the mode without lines.
enum StandardInput {
  /// Reads to the end.
  ///
  /// - Parameter timeout: how long the first byte may take, in milliseconds; nil: for ever.
  /// - Returns: nil if it did not arrive in time.
  static func text(timeout: Int32?) -> String? {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&descriptor, 1, timeout ?? -1) != 0 else { return nil }
    return TextFile.read(descriptor: STDIN_FILENO)
  }
}
