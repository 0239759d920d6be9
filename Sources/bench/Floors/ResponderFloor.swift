import Bytes
import Glibc

/// The floor for requests: finds the blank line and sends the same bytes each time.
final class ResponderFloor {
  private let port: UInt16
  private let response: [UInt8]
  private var poller: Poller
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

  init(responseSize: String, port: String) throws {
    guard let port = UInt16(port), let size = Int(responseSize) else { throw BenchFailure("two numbers are needed") }
    self.port = port
    let head = Array("HTTP/1.1 200 OK\r\nx-padding: ".utf8)
    let tail = Array("\r\ncontent-length: 2\r\n\r\n{}".utf8)
    let padding = [UInt8](repeating: UInt8(ascii: "x"), count: max(0, size - head.count - tail.count))
    response = head + padding + tail
    poller = try Poller()
  }

  func run() throws -> Never {
    let listener = try Descriptors.listen(on: port)
    try poller.watch(listener)
    while true {
      poller.wait()
      for event in poller.ready {
        if event.descriptor == listener {
          while let socket = Descriptors.accept(from: listener) { try poller.watch(socket) }
        } else {
          answer(event.descriptor)
        }
      }
    }
  }

  private func answer(_ socket: Int32) {
    let count = Descriptors.read(socket, into: &buffer)
    if count == 0 {
      close(socket)
    } else if count >= 4, buffer[count - 4] == Ascii.carriageReturn, buffer[count - 1] == Ascii.lineFeed {
      _ = Descriptors.write(socket, response, 0..<response.count)
    }
  }
}
