import CLinux
import Glibc

/// A thin layer over epoll: edge-triggered, with the descriptor as the token.
@safe struct Poller {
  struct Event {
    let descriptor: Int32
    /// Whether the other end is closed. Bytes that it has sent can still be read.
    let isHungUp: Bool
  }

  private let descriptor: Int32
  private(set) var ready: [Event] = []
  private var events = unsafe [epoll_event](repeating: epoll_event(), count: 256)
  /// EPOLLIN, EPOLLOUT, EPOLLRDHUP and EPOLLET, registered once.
  private static let interest: UInt32 = 0x001 | 0x004 | 0x2000 | 1 << 31

  /// EPOLLHUP and EPOLLRDHUP.
  private static let hangUps: UInt32 = 0x010 | 0x2000

  init() throws {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw BenchFailure(call: "epoll_create1") }
  }

  func watch(_ watched: Int32) throws {
    var event = unsafe epoll_event()
    unsafe clinux_epoll_set(&event, Poller.interest, UInt64(watched))
    guard unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event) == 0 else {
      throw BenchFailure(call: "epoll_ctl")
    }
  }

  /// Waits for ready descriptors and stores them in `ready`.
  mutating func wait(milliseconds: Int32 = -1) {
    ready.removeAll(keepingCapacity: true)
    let count = unsafe epoll_wait(descriptor, &events, Int32(events.count), milliseconds)
    for index in 0..<Int(max(0, count)) {
      let hangUp = unsafe clinux_epoll_events(&events[index]) & Poller.hangUps
      ready.append(
        Event(descriptor: Int32(unsafe clinux_epoll_token(&events[index])), isHungUp: hangUp != 0))
    }
  }

  func close() { Glibc.close(descriptor) }
}
