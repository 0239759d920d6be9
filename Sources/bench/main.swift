import API
import Bytes
import ClaudeCode

// What one text event of the CLI costs on its way through, beside a floor measured in the same run: copying its bytes
// into an output buffer, which any relay must do. Ratios are what counts; absolute times vary with the machine.

let line = Array(
  #"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello, wor"}},"session_id":"8f8f5a42-04d2-46be-af6d-3ae094375946","parent_tool_use_id":null,"uuid":"a798a7f0-64f9-4e41-a07f-dabc45f96482","api_message_id":"msg_6d70d73c9d9d"}"#
    .utf8)
let opening = Array(
  #"{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_6d70d73c9d9d","model":"claude"}}}"#
    .utf8)

let floor = Measurement.nanosecondsPerEvent { output, framer, events in
  for _ in 0..<events {
    framer.push(line.span) { output.append($0) }
    framer.push(Measurement.lineEnd.span) { _ in }
    output.removeAll()
  }
}
let scan = Measurement.nanosecondsPerEvent { output, framer, events in
  for _ in 0..<events {
    framer.push(Measurement.batch.span) { bytes in
      if let message = StreamMessage(scanning: bytes) { output.append(decimal: message.event?.count ?? 0) }
    }
    output.removeAll()
  }
}
let relay = Measurement.nanosecondsPerEvent { output, framer, events in
  var encoder = ClaudeStreamEncoder(includesPartialMessages: true, sessionID: "")
  for _ in 0..<events {
    framer.push(Measurement.batch.span) { Measurement.encode($0, &encoder, &output) }
    output.removeAll()
  }
}
let translate = Measurement.nanosecondsPerEvent { output, framer, events in
  var encoder = ChatCompletionEncoder(
    ChatCompletionIdentity(id: "chatcmpl-1", created: 0, model: "claude-code"), includesUsage: false)
  Measurement.encode(opening.span, &encoder, &output)
  for _ in 0..<events {
    framer.push(Measurement.batch.span) { Measurement.encode($0, &encoder, &output) }
    output.removeAll()
  }
}

print("a line of \(line.count) bytes, median of \(Measurement.rounds) rounds")
Measurement.report("floor: frame and copy", floor, floor)
Measurement.report("frame and scan", scan, floor)
Measurement.report("frame, scan, relay as SSE", relay, floor)
Measurement.report("frame, scan, translate to a chunk", translate, floor)
