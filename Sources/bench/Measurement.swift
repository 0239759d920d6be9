import Turns
import API
import Bytes
import ClaudeCode

/// Times a piece of work in rounds and takes the median.
enum Measurement {
  static let rounds = 9
  private static let events = 50_000
  /// The line as it comes out of a pipe.
  static let batch = Sample.delta + [Ascii.lineFeed]

  static func nanosecondsPerEvent(_ work: (inout ByteBuffer, inout LineFramer, Int) -> Void) -> Double {
    var output = ByteBuffer()
    var framer = LineFramer()
    work(&output, &framer, events / 10)
    let clock = ContinuousClock()
    let times = (0..<rounds).map { _ in
      let time = clock.measure { work(&output, &framer, events) }
      return Double(time.components.attoseconds) / 1e9 / Double(events) + Double(time.components.seconds) * 1e9
        / Double(events)
    }
    return times.sorted()[rounds / 2]
  }

  static func encode(_ line: Span<UInt8>, _ encoder: inout some RunEncoder, _ output: inout ByteBuffer) {
    guard let message = StreamMessage(scanning: line) else { return }
    do throws(ClaudeError) {
      try encoder.encode(message, line, to: &output)
    } catch {
      print("the encoder refused the line: \(error)")
    }
  }
}
