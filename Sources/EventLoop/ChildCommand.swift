import CLinux
import Glibc

/// What to start: a program and everything it is given.
public struct ChildCommand: Sendable, Equatable {
  /// An absolute path.
  public var executable: String
  /// The arguments after the program's own name.
  public var arguments: [String]
  /// The whole environment; nothing is inherited.
  public var environment: [String: String]
  /// The working directory.
  public var directory: String
  /// A directory that the working directory must lie below when the child is started, without a link in between; nil
  /// if it may be anywhere.
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

/// Our ends of a started child: its pipes, its id and a descriptor that becomes readable when it exits.
struct SpawnedChild {
  let pid: Int32
  let pidDescriptor: Int32
  let input: Int32
  let output: Int32
  let errors: Int32
}

extension ChildCommand {
  /// Starts the child: own process group, default signals, only its three pipes open (`posix_spawn`, 50 µs).
  ///
  /// - Throws: `SystemCallError`; its call is `ContainedDirectory.call` if the directory is not below `containedIn`.
  func spawn() throws(SystemCallError) -> SpawnedChild {
    let contained = try openContainedDirectory()
    defer { if let contained { close(contained) } }
    let input = try Pipe()
    let output = try Pipe()
    let errors = try Pipe()
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if let contained {
      unsafe posix_spawn_file_actions_addfchdir_np(&actions, contained)
    } else {
      unsafe posix_spawn_file_actions_addchdir_np(&actions, directory)
    }
    unsafe posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors.writing, 2)
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    ChildCommand.prepare(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }

    var pid: Int32 = 0
    let code = unsafe withCStrings([executable] + arguments) { arguments in
      unsafe withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        unsafe posix_spawn(&pid, executable, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else { throw SystemCallError("posix_spawn \(executable)", code: code) }
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

  private static func prepare(_ attributes: inout posix_spawnattr_t) {
    unsafe posix_spawnattr_init(&attributes)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
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

private func withCStrings<Result>(
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
