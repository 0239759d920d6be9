import Glibc

/// The process's own output.
enum Console {
  /// Written at once, past the buffers of stdio: a parent that reads a pipe waits for the port.
  static func print(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
    let bytes = Array(text.utf8)
    _ = unsafe write(descriptor, bytes, bytes.count)
  }

  static func end(_ text: String, status: Int32) -> Never {
    print(text, to: status == 0 ? STDOUT_FILENO : STDERR_FILENO)
    exit(status)
  }
}
