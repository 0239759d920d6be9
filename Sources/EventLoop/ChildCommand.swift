import CLinux
import Glibc
import System

/// A program to start, with everything it is given.
public struct ChildCommand: Sendable, Equatable {
  /// An absolute path.
  public var executable: String
  /// The arguments after the program's own name.
  public var arguments: [String]
  /// The whole environment; nothing is inherited.
  public var environment: [String: String]
  /// The working directory.
  public var directory: String
  /// A directory that the working directory must be below when the child starts, without a link in between; nil for no
  /// such limit.
  public var containedIn: String?

  public init(
    executable: String, arguments: [String], environment: [String: String], directory: String,
    containedIn: String? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.containedIn = containedIn
  }
}

/// This process's ends of a started child: its pipes, its id and a descriptor that becomes readable when it exits.
struct SpawnedChild {
  let pid: Int32
  let pidDescriptor: Int32
  let input: Int32
  let output: Int32
  let errors: Int32
}

extension ChildCommand {
  /// Starts the child: in its own process group, with default signals, with only its three pipes open, and as a
  /// subreaper: what is orphaned below it stays below it (50 µs).
  ///
  /// - Throws: `SystemCallError`; its call is `ContainedDirectory.call` if the directory is not below `containedIn`.
  func spawn() throws(SystemCallError) -> SpawnedChild {
    let contained = try openContainedDirectory()
    defer { if let contained { close(contained) } }
    let input = try Pipe()
    let output = try Pipe()
    let errors = try Pipe()
    var code: Int32 = 0
    let pid = unsafe withCStrings([executable] + arguments) { arguments in
      unsafe withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        unsafe directory.withCString { directory in
          var request = unsafe clinux_spawn_request(
            path: arguments[0], arguments: arguments, environment: environment,
            directory_descriptor: contained ?? -1, directory: directory, input: input.reading,
            output: output.writing, errors: errors.writing, error: 0)
          let pid = unsafe clinux_spawn(&request)
          code = errno
          return pid
        }
      }
    }
    guard pid > 0 else { throw SystemCallError("spawn \(executable)", code: code) }
    let pidDescriptor = clinux_pidfd_open(pid)
    guard pidDescriptor >= 0 else {
      let error = SystemCallError("pidfd_open")
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      throw error
    }
    for descriptor in [input.writing, output.reading, errors.reading] {
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }
    return SpawnedChild(
      pid: pid, pidDescriptor: pidDescriptor, input: input.keepWriting(), output: output.keepReading(),
      errors: errors.keepReading())
  }

  private func openContainedDirectory() throws(SystemCallError) -> Int32? {
    guard let containedIn else { return nil }
    return try ContainedDirectory.open(directory, below: containedIn)
  }
}

/// A pipe whose ends are closed unless they are kept.
private final class Pipe {
  private(set) var reading: Int32 = -1
  private(set) var writing: Int32 = -1

  init() throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw SystemCallError("pipe2") }
    reading = ends[0]
    writing = ends[1]
  }

  func keepReading() -> Int32 {
    defer { reading = -1 }
    return reading
  }

  func keepWriting() -> Int32 {
    defer { writing = -1 }
    return writing
  }

  deinit {
    if reading >= 0 { close(reading) }
    if writing >= 0 { close(writing) }
  }
}

/// Calls `body` with `strings` as an array of C strings that ends in nil, as `posix_spawn` and `execve` take them.
package func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { unsafe pointers.forEach { unsafe free($0) } }
  return unsafe pointers.withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("never empty: it ends in nil") }
    return unsafe body(base)
  }
}
