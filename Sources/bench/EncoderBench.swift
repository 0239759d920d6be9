import API
import Bytes
import ClaudeCode

/// What one text event costs on its way through the process, without system calls. The floor is copying its bytes into
/// an output buffer, which any relay must do.
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
