import CLinux
import Glibc

/// A process that bench has started. It is ended by its id and waited for.
final class Program {
  let pid: Int32
  /// What the process says, if it was started connected.
  private(set) var output: Int32 = -1
  private(set) var input: Int32 = -1
  private var hasEnded = false

  /// - Parameters:
  ///   - environment: the whole of it.
  ///   - isConnected: whether its standard input and output are pipes to us; else they are nothing.
  init(
    _ path: String, _ arguments: [String], environment: [String: String], directory: String? = nil,
    isConnected: Bool = false
  ) throws {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if let directory { unsafe posix_spawn_file_actions_addchdir_np(&actions, directory) }
    var pipes: [Int32] = [-1, -1, -1, -1]
    if isConnected {
      pipes = try Program.pipe() + Program.pipe()
      unsafe posix_spawn_file_actions_adddup2(&actions, pipes[0], 0)
      unsafe posix_spawn_file_actions_adddup2(&actions, pipes[3], 1)
    } else {
      unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
      unsafe posix_spawn_file_actions_adddup2(&actions, 0, 1)
    }
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var spawned: Int32 = 0
    let code = unsafe Program.withCStrings([path] + arguments) { arguments in
      unsafe Program.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        unsafe posix_spawn(&spawned, path, &actions, nil, arguments, environment)
      }
    }
    guard code == 0 else { throw BenchFailure("\(path) cannot be started: error \(code)") }
    pid = spawned
    guard isConnected else { return }
    for end in [pipes[0], pipes[3]] { close(end) }
    (input, output) = (pipes[1], pipes[2])
    Descriptors.makeNonBlocking(output)
  }

  /// CPU time of all its threads so far, its children's not included.
  var cpuNanoseconds: Int {
    get throws { try Program.cpuNanoseconds(of: pid) }
  }

  /// The same of any process.
  static func cpuNanoseconds(of pid: Int32) throws -> Int {
    var clock = clockid_t()
    var time = timespec()
    guard unsafe clock_getcpuclockid(pid, &clock) == 0, unsafe clock_gettime(clock, &time) == 0 else {
      throw BenchFailure("process \(pid) is gone")
    }
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// Resident memory.
  var residentBytes: Int {
    get throws {
      let file = unsafe open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
      defer { close(file) }
      var buffer = [UInt8](repeating: 0, count: 8192)
      let count = Descriptors.read(file, into: &buffer)
      let lines = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
      let line = lines.first { $0.hasPrefix("VmRSS:") }
      guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        throw BenchFailure("process \(pid) is gone")
      }
      return kilobytes * 1024
    }
  }

  /// How many descriptors it has; nil where /proc does not tell.
  var descriptorCount: Int? {
    guard let directory = unsafe opendir("/proc/\(pid)/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // `.` and `..`
    return count - 2
  }

  /// Waits until it has said something.
  func awaitOutput(milliseconds: Int32) throws {
    var watched = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&watched, 1, milliseconds) == 1, watched.revents & Int16(POLLIN) != 0 else {
      throw BenchFailure("process \(pid) says nothing")
    }
  }

  /// Whether it has not ended yet.
  var isRunning: Bool {
    if !hasEnded, waitpid(pid, nil, WNOHANG) == pid { hasEnded = true }
    return !hasEnded
  }

  /// Asks it to end, makes it end after three seconds, and waits for it.
  func end() {
    guard !hasEnded else { return }
    hasEnded = true
    kill(pid, SIGTERM)
    for _ in 0..<300 {
      if waitpid(pid, nil, WNOHANG) == pid { return }
      usleep(10_000)
    }
    kill(pid, SIGKILL)
    _ = waitpid(pid, nil, 0)
  }

  /// Waits for its own end.
  func wait() {
    guard !hasEnded else { return }
    hasEnded = true
    _ = waitpid(pid, nil, 0)
  }

  /// It ends by itself and is waited for by nobody.
  func leave() { hasEnded = true }

  deinit { end() }

  private static func pipe() throws -> [Int32] {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw BenchFailure(call: "pipe2") }
    return ends
  }

  private static func withCStrings<Result>(
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
}
