import API
import Bytes
import ClaudeCode

// What one text event of the CLI costs on its way through, beside a floor measured in the same run: copying its bytes
// into an output buffer, which any relay must do. Ratios are what counts; absolute times vary with the machine.

let floor = Measurement.nanosecondsPerEvent { output, framer, events in
  let batch = Measurement.batch
  for _ in 0..<events {
    framer.push(batch.span) { output.append($0) }
    output.removeAll()
  }
}
let scan = Measurement.nanosecondsPerEvent { output, framer, events in
  let batch = Measurement.batch
  for _ in 0..<events {
    framer.push(batch.span) { bytes in
      if let message = StreamMessage(scanning: bytes) { output.append(decimal: message.event?.count ?? 0) }
    }
    output.removeAll()
  }
}
let relay = Measurement.nanosecondsPerEvent { output, framer, events in
  let batch = Measurement.batch
  var encoder = ClaudeStreamEncoder(includesPartialMessages: true, sessionID: "")
  for _ in 0..<events {
    framer.push(batch.span) { Measurement.encode($0, &encoder, &output) }
    output.removeAll()
  }
}
let translate = Measurement.nanosecondsPerEvent { output, framer, events in
  let (batch, opening) = (Measurement.batch, Sample.opening)
  var encoder = ChatCompletionEncoder(
    ChatCompletionIdentity(id: "chatcmpl-1", created: 0, model: "claude-code"), includesUsage: false)
  Measurement.encode(opening.span, &encoder, &output)
  for _ in 0..<events {
    framer.push(batch.span) { Measurement.encode($0, &encoder, &output) }
    output.removeAll()
  }
}

print("a line of \(Sample.delta.count) bytes, median of \(Measurement.rounds) rounds")
Measurement.report("floor: frame and copy", floor, floor)
Measurement.report("frame and scan", scan, floor)
Measurement.report("frame, scan, relay as SSE", relay, floor)
Measurement.report("frame, scan, translate to a chunk", translate, floor)
