import Glibc

/// A program that says what the test tells it to, when it tells it to.
public final class LiveCLI {
  public let path: String
  private var descriptor: Int32

  /// - Parameter prelude: shell commands before it listens.
  public init(in directory: TemporaryDirectory, prelude: String = "") {
    let pipe = "\(directory.path)/pipe"
    unsafe mkfifo(pipe, 0o600)
    // Open for both: it need not wait for the other end.
    descriptor = unsafe open(pipe, O_RDWR | O_CLOEXEC)
    precondition(descriptor >= 0, "no pipe")
    path = StandInCLI.script("\(prelude)\nexec cat '\(pipe)'", in: directory)
  }

  public func emit(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    let count = unsafe write(descriptor, bytes, bytes.count)
    precondition(count == bytes.count, "the pipe took only a part")
  }

  deinit { close(descriptor) }
}
