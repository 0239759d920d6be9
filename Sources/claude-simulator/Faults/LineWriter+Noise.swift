import Bytes

/// Lines that belong to no answer.
extension LineWriter {
  func junk(_ count: Int) {
    for number in 0..<count { sendRaw("Warning: this is line \(number) and no JSON") }
    sendRaw("")
    sendRaw("[\"valid JSON, but no object\"]")
  }

  func unknown(_ count: Int) {
    for number in 0..<count {
      let trap: JSONValue = ["type": "result", "subtype": "success", "is_error": false, "result": "NOT THE RESULT"]
      send(["payload": trap, "type": .string("mystery_\(number)"), "session_id": session, "uuid": uuid])
    }
  }

  /// - Parameter size: the bytes of the line without its line end, if its frame is not longer.
  func bigLine(_ size: Int) {
    let head = "{\"type\":\"attachment\",\"attachment\":{\"type\":\"file\",\"content\":\""
    let tail = "\"},\"session_id\":\"\(conversation.sessionID)\"}"
    let padding = max(0, size - head.utf8.count - tail.utf8.count)
    sendRaw(head + String(repeating: "A", count: padding) + tail)
  }

  func rateLimit() {
    let info: JSONValue = [
      "status": "allowed", "resetsAt": 1_795_240_800, "rateLimitType": "five_hour", "overageStatus": "rejected",
      "overageDisabledReason": "org_level_disabled", "isUsingOverage": false,
    ]
    send(["type": "rate_limit_event", "rate_limit_info": info, "uuid": uuid, "session_id": session])
  }

  func mirror(_ text: String) {
    let path = conversation.store.nativePath(conversation.sessionID)
    let entry: JSONValue = [
      "parentUuid": nil, "isSidechain": false, "type": "user", "message": ["role": "user", "content": .string(text)],
      "uuid": uuid, "timestamp": .string(Clock.timestamp), "userType": "external",
      "cwd": .string(conversation.workingDirectory), "sessionId": session, "version": "0.0.0-simulator",
    ]
    send(["type": "transcript_mirror", "filePath": .string(path), "entries": [entry]])
  }
}
