import Glibc

/// Whole reads and writes on blocking file descriptors.
public enum Descriptor {
  /// Bytes read at once.
  private static let part = 64 * 1024

  /// Reads to the end of the file.
  ///
  /// - Parameter limit: the most bytes there may be.
  /// - Throws: `SystemCallError`; `EFBIG` for a longer file.
  public static func readAll(_ descriptor: Int32, limit: Int = .max) throws(SystemCallError) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: part)
    while true {
      let count = unsafe read(descriptor, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemCallError("read") }
      guard count > 0 else { return bytes }
      guard bytes.count + count <= limit else { throw SystemCallError("read", code: EFBIG) }
      bytes.append(contentsOf: part[..<count])
    }
  }

  /// Writes all of `bytes`.
  ///
  /// - Throws: `SystemCallError`; a part may be written.
  public static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemCallError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemCallError("write") }
      rest = rest.dropFirst(count)
    }
  }
}
