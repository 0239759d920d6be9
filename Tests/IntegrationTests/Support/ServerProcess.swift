import CLinux
import Foundation
import Glibc

/// A started program whose output is watched line by line until it ends.
final class ServerProcess: Sendable {
  enum Exit: Sendable, Equatable {
    case exited(Int32)
    case signaled(Int32)
  }

  struct Output: Sendable {
    var lines: [String] = []
    var exit: Exit?
  }

  struct SpawnError: Error {
    let code: Int32
  }

  let pid: Int32
  let output = Watched(Output())

  /// - Parameter input: the file that is its standard input.
  init(
    _ executable: String, _ arguments: [String], environment: [String: String], directory: String,
    input: String = "/dev/null"
  ) throws {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(code: errno) }
    let (reading, writing) = (ends[0], ends[1])
    defer { close(writing) }
    do {
      pid = try ServerProcess.spawn(
        executable, arguments, environment: environment, directory: directory, input: input, output: writing)
    } catch {
      close(reading)
      throw error
    }
    Thread.detachNewThread { [self] in follow(reading) }
  }

  /// Starts a program that nobody watches: its caller waits for its end. Not Foundation's `Process`, which has crashed
  /// in `run` while other threads started programs, too (Swift 6.3.1).
  ///
  /// - Parameter output: where standard output and error go.
  static func spawn(
    _ executable: String, _ arguments: [String], environment: [String: String], directory: String,
    input: String = "/dev/null", output: Int32
  ) throws -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addchdir_np(&actions, directory)
    unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var child: pid_t = 0
    var words = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
    var variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (words + variables).forEach { unsafe free($0) } }
    let code = unsafe posix_spawn(&child, executable, &actions, nil, &words, &variables)
    guard code == 0 else { throw SpawnError(code: code) }
    return child
  }

  private func follow(_ descriptor: Int32) {
    var rest: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe read(descriptor, &part, part.count)
      guard count > 0 else { break }
      rest += part[..<count]
      var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      rest = Array(lines.popLast() ?? [])
      let texts = lines.map { String(decoding: $0, as: UTF8.self) }
      output.update { $0.lines += texts }
    }
    close(descriptor)
    let exit = ServerProcess.waitForExit(of: pid)
    output.update { $0.exit = exit }
  }

  /// Waits, on this thread, for the end of a program that `spawn` started.
  static func waitForExit(of pid: Int32) -> Exit {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signaled(status & 0x7F)
  }

  /// Waits for the end.
  func exit(within limit: Duration = .seconds(30)) async throws -> Exit {
    let end = try await output.wait(for: "the end of process \(pid)", within: limit) { $0.exit != nil }
    return end.exit ?? .exited(-1)
  }

  func signal(_ signal: Int32) {
    if output.value.exit == nil { kill(pid, signal) }
  }
}
