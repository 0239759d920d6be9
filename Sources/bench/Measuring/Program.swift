import CLinux
import EventLoop
import Glibc

/// A child process of bench.
final class Program {
  let pid: Int32
  /// The ends of its pipes, if it was started connected.
  private(set) var output: Int32 = -1
  private(set) var input: Int32 = -1
  private var hasEnded = false

  /// - Parameters:
  ///   - environment: the whole environment.
  ///   - isConnected: whether standard input and output are pipes to bench. Otherwise they are /dev/null.
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
    let code = unsafe withCStrings([path] + arguments) { arguments in
      unsafe withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
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

  /// CPU time of all its threads so far, without its children.
  var cpuNanoseconds: Int {
    get throws { try Program.cpuNanoseconds(of: pid) }
  }

  /// CPU time of any process.
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

  /// How many descriptors it has; nil if /proc hides them.
  var descriptorCount: Int? {
    guard let directory = unsafe opendir("/proc/\(pid)/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // `.` and `..`
    return count - 2
  }

  /// Waits until it has written something.
  func waitForOutput(milliseconds: Int32) throws {
    var watched = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&watched, 1, milliseconds) == 1, watched.revents & Int16(POLLIN) != 0 else {
      throw BenchFailure("process \(pid) writes nothing")
    }
  }

  /// Whether it has not ended yet.
  var isRunning: Bool {
    if !hasEnded, waitpid(pid, nil, WNOHANG) == pid { hasEnded = true }
    return !hasEnded
  }

  /// Sends SIGTERM, after three seconds SIGKILL, and waits for the end.
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

  /// Waits until the process ends by itself.
  func wait() {
    guard !hasEnded else { return }
    hasEnded = true
    _ = waitpid(pid, nil, 0)
  }

  /// Neither ends the process nor waits for it.
  func detach() { hasEnded = true }

  deinit { end() }

  private static func pipe() throws -> [Int32] {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw BenchFailure(call: "pipe2") }
    return ends
  }
}
