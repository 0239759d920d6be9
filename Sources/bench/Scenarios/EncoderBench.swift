import API
import Bytes
import ClaudeCode
import Turns

/// The cost of one text event inside the process, without system calls. The floor is a copy of its bytes into an output
/// buffer, which every relay must make.
enum EncoderBench {
  static func rows() -> [Row] {
    let floor = copy()
    return [
      ("frame and scan", scan()), ("frame, scan, relay as SSE", relay()), ("frame, scan, translate", translate()),
    ]
    .map { Row(name: $0.0, value: $0.1, floor: floor, unit: "ns/event", target: .none) }
  }

  private static func copy() -> Double {
    Measurement.nanosecondsPerEvent { output, framer, events in
      let batch = Measurement.batch
      for _ in 0..<events {
        framer.push(batch.span) { output.append($0) }
        output.removeAll()
      }
    }
  }

  private static func scan() -> Double {
    Measurement.nanosecondsPerEvent { output, framer, events in
      let batch = Measurement.batch
      for _ in 0..<events {
        framer.push(batch.span) { bytes in
          if let message = StreamMessage(scanning: bytes) { output.append(decimal: message.event?.count ?? 0) }
        }
        output.removeAll()
      }
    }
  }

  private static func relay() -> Double {
    Measurement.nanosecondsPerEvent { output, framer, events in
      let batch = Measurement.batch
      var encoder = ClaudeStreamEncoder(includesPartialMessages: true, sessionID: "")
      for _ in 0..<events {
        framer.push(batch.span) { Measurement.encode($0, &encoder, &output) }
        output.removeAll()
      }
    }
  }

  private static func translate() -> Double {
    Measurement.nanosecondsPerEvent { output, framer, events in
      let (batch, opening) = (Measurement.batch, Sample.opening)
      var encoder = ChatCompletionEncoder(
        ChatCompletionIdentity(id: "chatcmpl-1", created: 0, model: "claude-code"), includesUsage: false)
      Measurement.encode(opening.span, &encoder, &output)
      for _ in 0..<events {
        framer.push(batch.span) { Measurement.encode($0, &encoder, &output) }
        output.removeAll()
      }
    }
  }
}

/// Times work in rounds and takes the median.
enum Measurement {
  static let rounds = 9
  private static let events = 50_000
  /// One line as a pipe delivers it.
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
      Terminal.printError("the encoder refused the line: \(error)")
    }
  }
}

/// Lines of the CLI, as it prints them (2.1.329).
enum Sample {
  /// One word of text.
  static let delta = Array(
    #"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello, wor"}},"session_id":"8f8f5a42-04d2-46be-af6d-3ae094375946","parent_tool_use_id":null,"uuid":"a798a7f0-64f9-4e41-a07f-dabc45f96482","api_message_id":"msg_6d70d73c9d9d"}"#
      .utf8)
  /// The line that must precede it.
  static let opening = Array(
    #"{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_6d70d73c9d9d","model":"claude"}}}"#
      .utf8)
}
