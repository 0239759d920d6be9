import CLinux
import Glibc
import System
import TestSupport
import Testing

@testable import EventLoop

/// Two connected sockets, non-blocking.
func socketPair() throws -> (Int32, Int32) {
  var ends: [Int32] = [-1, -1]
  let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
  guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemCallError("socketpair", code: errno) }
  return (ends[0], ends[1])
}

func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
  let count = unsafe write(descriptor, bytes, bytes.count)
  precondition(count == bytes.count, "the test's own pipe took only a part")
}

func writeAll(_ text: String, to descriptor: Int32) { writeAll(Array(text.utf8), to: descriptor) }

/// Remembers what a descriptor was ready for, and lets a test wait for it.
@Reactor
final class ReadinessRecorder: DescriptorHandler {
  private(set) var events: [Readiness] = []
  var action: (@Reactor (Readiness) -> Void)?
  private var waiting: (wanted: Readiness, continuation: CheckedContinuation<Void, Never>)?

  nonisolated init() {}

  func descriptorIsReady(_ readiness: Readiness) {
    events.append(readiness)
    action?(readiness)
    guard let waiting, readiness.contains(waiting.wanted) else { return }
    self.waiting = nil
    waiting.continuation.resume()
  }

  /// Returns when the descriptor has been reported ready for `wanted`.
  func saw(_ wanted: Readiness) async {
    let watchdog = Loop.main.schedule(after: TestLimits.wait) { [weak self] in self?.giveUp() }
    defer { watchdog.cancel() }
    await withCheckedContinuation { continuation in
      // Looked at in here: entering the wait may have let the loop turn.
      if events.contains(where: { $0.contains(wanted) }) {
        continuation.resume()
      } else {
        waiting = (wanted, continuation)
      }
    }
  }

  private func giveUp() {
    Issue.record("the descriptor did not become ready in time")
    waiting?.continuation.resume()
    waiting = nil
  }
}

/// Returns when the process has exited (it may be a zombie still). At once if it is gone.
@Reactor
func exit(of pid: Int32) async throws {
  let descriptor = clinux_pidfd_open(pid)
  guard descriptor >= 0 else { return }
  let recorder = ReadinessRecorder()
  let channel = try Channel(adopting: descriptor, kind: .pipe, handler: recorder)
  await recorder.saw(.readable)
  channel.close()
}

/// Orphans of the tests' children come to us, as they do to the server.
func clinuxBecomeSubreaper() -> Int32 { clinux_set_subreaper() }

/// How many descriptors this process has open.
func openDescriptors() throws -> Int {
  let directory = unsafe try #require(unsafe opendir("/proc/self/fd"))
  defer { unsafe closedir(directory) }
  var count = 0
  while unsafe readdir(directory) != nil { count += 1 }
  return count
}
