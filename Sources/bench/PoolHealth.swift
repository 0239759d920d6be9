import Bytes
import Glibc

/// What `/health` says of the server's processes.
struct PoolHealth {
  let live: Int
  let idle: Int
  let spare: Int
  private static let timeout = Duration.seconds(20)
  private static let interval: useconds_t = 20_000

  init(port: UInt16) throws {
    guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
    defer { close(descriptor) }
    guard Descriptors.write(descriptor, Request.health, 0..<Request.health.count) == Request.health.count else {
      throw BenchFailure(call: "write")
    }
    var answer = Intake(descriptor)
    try answer.untilEnd()
    guard let head = answer.bytes.firstRange(of: Array("\r\n\r\n".utf8)),
      let details = try JSONValue(parsing: Array(answer.bytes[head.upperBound...]))["checks"]?["processes"]?["details"],
      let live = details["live"]?.int, let idle = details["idle"]?.int, let spare = details["spare"]?.int
    else { throw BenchFailure("/health says nothing of processes") }
    (self.live, self.idle, self.spare) = (live, idle, spare)
  }

  /// Waits until the processes are as they should be.
  static func await(_ port: UInt16, until isRight: (PoolHealth) -> Bool) throws {
    let deadline = ContinuousClock.now + timeout
    while !isRight(try PoolHealth(port: port)) {
      guard ContinuousClock.now < deadline else { throw BenchFailure("the pool does not settle") }
      usleep(interval)
    }
  }
}
