import Bytes
import EventLoop
import System

/// Makes the ids of requests, runs and sessions.
@Reactor
final class IDSource {
  private var entropy = Entropy()

  func next() -> String { UUIDText.random(using: &entropy) }
}
