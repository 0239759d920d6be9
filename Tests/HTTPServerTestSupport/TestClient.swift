import Bytes
package import EventLoop
import TestSupport
import Testing

/// The client's end of a connection, on the same loop as the server's.
@Reactor
package final class TestClient: DescriptorHandler {
  package private(set) var received: [UInt8] = []
  /// The server has closed its sending half, or the connection.
  package private(set) var hasEnded = false
  /// A client that does not read fills the server's buffers.
  package var isReading = true { didSet { if isReading { read() } } }
  private var channel: Channel?
  private var unsent = ByteBuffer()
  private var parsed: [TestResponse] = []
  private var parsedBytes = 0

  package init(_ descriptor: Int32) throws {
    channel = try Channel(adopting: descriptor, kind: .socket, handler: self)
  }

  /// Whether the kernel has taken everything.
  package var hasSentAll: Bool { unsent.isEmpty }

  package var text: String { String(decoding: received, as: UTF8.self) }

  package func descriptorIsReady(_ readiness: Readiness) {
    flush()
    if isReading { read() }
  }

  package func send(_ text: String) { send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) {
    unsent.append(bytes)
    flush()
  }

  package func finishSending() { channel?.finishSending() }

  package func close() {
    channel?.close()
    channel = nil
  }

  /// Returns when `count` answers have come in all.
  package func responses(_ count: Int, toHead: Bool = false) async throws -> [TestResponse] {
    await until {
      var rest = received[parsedBytes...]
      parsed += TestResponse.take(&rest, toHead: toHead)
      parsedBytes = rest.startIndex
      return hasEnded || parsed.count >= count
    }
    return parsed
  }

  package func response(toHead: Bool = false) async throws -> TestResponse {
    let responses = try await responses(1, toHead: toHead)
    guard let last = responses.last, responses.count == 1 else { throw TestFailure("not one answer: \(text)") }
    return last
  }

  /// Returns everything, when the server has ended the connection.
  package func toTheEnd() async -> String {
    await until { self.hasEnded }
    return text
  }

  private func flush() {
    guard let channel, case .wrote(let count) = channel.write(unsent.span) else { return }
    unsent.consume(count)
  }

  private func read() {
    while let channel {
      var count = 0
      let outcome = channel.read { bytes in
        count = bytes.count
        received += bytes.bytes(in: 0..<count)
      }
      switch outcome {
      // The end may have come with the last bytes.
      case .drained where count == 0: return
      case .drained, .more: continue
      case .end, .failed:
        hasEnded = true
        return
      }
    }
  }
}

package struct TestFailure: Error, CustomStringConvertible {
  package let message: String
  package var description: String { message }

  package init(_ message: String) { self.message = message }
}
