import Glibc

/// Reads and appends to small files.
enum TextFile {
  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return read(descriptor: descriptor)
  }

  /// Reads to the end. Invalid UTF-8 is repaired.
  static func read(descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Appends with one write(2), so that the lines of two processes do not mix.
  static func append(_ text: String, to path: String) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let bytes = Array(text.utf8)
    _ = unsafe write(descriptor, bytes, bytes.count)
    close(descriptor)
  }

  /// Makes the directory and those above it.
  static func makeDirectory(_ path: String) {
    guard unsafe mkdir(path, 0o700) != 0, errno == ENOENT else { return }
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    makeDirectory(String(path[..<slash]))
    _ = unsafe mkdir(path, 0o700)
  }
}
