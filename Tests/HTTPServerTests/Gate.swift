import EventLoop
import HTTPServerTestSupport

/// Holds responders back until it is opened.
@Reactor
final class Gate {
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func opened() async {
    await withCheckedContinuation { continuation in
      if isOpen { continuation.resume() } else { waiting.append(continuation) }
    }
  }

  func open() {
    isOpen = true
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}
