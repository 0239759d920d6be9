import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import Turns
import TurnsTestSupport

@testable import API

extension Dialect {
  static let all = [chatCompletions, messages, responses]

  static let chatCompletions = Dialect("chat completions", read: ChatCompletionReader.read) {
    ChatCompletionChunks(.example, includesUsage: false, keepsThinking: true, $0)
  }

  static let messages = Dialect("messages", read: MessagesReader.read) {
    MessagesEvents(.example, includesThinking: true, $0)
  }

  static let responses = Dialect("responses", read: ResponsesReader.read) {
    ResponsesEvents(.example, ResponsesEvents.Opening(), $0)
  }
}

extension ChatCompletionIdentity {
  static let example = ChatCompletionIdentity(id: "chatcmpl-1", created: 1_795_235_530, model: "claude-code")
}

extension MessagesIdentity {
  static let example = MessagesIdentity(id: "msg_1", model: "claude-code")
}

extension ResponsesIdentity {
  static let example = ResponsesIdentity(id: "resp_1", created: 1_795_235_530, echo: ["model": "claude-code"])
}

extension String {
  /// The events of a stream: names and documents.
  var events: [(name: String, data: JSONValue)] {
    get throws {
      try split(separator: "\n\n").map { frame in
        let lines = frame.split(separator: "\n")
        let name = lines.first.map { String($0.dropFirst("event: ".count)) } ?? ""
        return (name, try JSONValue(parsing: String(lines.last?.dropFirst("data: ".count) ?? "")))
      }
    }
  }
}

private func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws {
  if !holds { throw BrokenRule(rule()) }
}

/// Reads a stream of chat completions as OpenAI's clients do.
private enum ChatCompletionReader {
  static func read(_ stream: String) throws -> Dialect.Answer {
    var answer = Dialect.Answer()
    let frames = stream.split(separator: "\n\n", omittingEmptySubsequences: false)
    try require(frames.last == "" && frames.dropLast().last == "data: [DONE]", "does not end in [DONE]")
    try require(stream.ranges(of: "[DONE]").count == 1, "ends more than once")
    let chunks = try frames.dropLast(2).map { try JSONValue(parsing: String($0.dropFirst("data: ".count))) }
    let isFailed = chunks.last?["error"] != nil
    let choices = try (isFailed ? chunks.dropLast() : chunks[...]).map { chunk in
      try require(chunk["id"] == "chatcmpl-1" && chunk["object"] == "chat.completion.chunk", "another completion")
      guard let choice = chunk["choices"]?.array?.first else { throw BrokenRule("a chunk without a choice") }
      return choice
    }
    try require(choices.first?["delta"] == ["role": "assistant", "content": ""], "does not begin with the role")
    try require(choices.count { $0["delta"]?["role"] != nil } == 1, "has more than one role")
    for choice in choices.dropLast(isFailed ? 0 : 1) {
      try require(choice["finish_reason"]?.isNull == true, "content after the end")
      try add(choice["delta"] ?? [:], to: &answer)
    }
    answer.ending = isFailed ? .failed : try ending(choices.last)
    return answer
  }

  private static func add(_ delta: JSONValue, to answer: inout Dialect.Answer) throws {
    answer.text += delta["content"]?.string ?? ""
    answer.thinking += delta["reasoning_content"]?.string ?? ""
    for piece in delta["tool_calls"]?.array ?? [] {
      let arguments = piece["function"]?["arguments"]?.string ?? ""
      if let id = piece["id"]?.string {
        try require(piece["type"] == "function", "a call without a type")
        try require(piece["index"]?.int == answer.calls.count, "calls are not numbered in order")
        answer.calls.append(
          ChatToolCall(id: CallID.received(id), name: piece["function"]?["name"]?.string ?? "", arguments: arguments))
      } else {
        try require(piece["index"]?.int == answer.calls.count - 1, "arguments of no open call")
        let last = answer.calls.removeLast()
        answer.calls.append(ChatToolCall(id: last.id, name: last.name, arguments: last.arguments + arguments))
      }
    }
  }

  private static func ending(_ choice: JSONValue?) throws -> Dialect.Answer.Ending {
    try require(choice?["delta"] == [:], "the last chunk has content")
    switch choice?["finish_reason"]?.string {
    case "stop", "content_filter": return .complete
    case "tool_calls": return .calls
    case "length": return .length
    default: throw BrokenRule("no finish reason")
    }
  }
}

/// Reads a message as Anthropic's clients do.
private enum MessagesReader {
  static func read(_ stream: String) throws -> Dialect.Answer {
    var answer = Dialect.Answer()
    var open: (type: String, call: ChatToolCall?)?
    var next = 0
    let events = try stream.events
    try require(events.allSatisfy { $0.name == $0.data["type"]?.string }, "an event of another type than its name")
    try require(events.prefix(2).map(\.name) == ["message_start", "ping"], "does not begin with message_start")
    for (name, data) in events.dropFirst(2) {
      try require(answer.ending == .none || name == "message_stop", "\(name) after the end")
      switch name {
      case "content_block_start":
        try require(open == nil && data["index"]?.int == next, "block \(next) begins out of order")
        next += 1
        let block = data["content_block"]
        let call = block?["id"]?.string.map {
          ChatToolCall(id: CallID.received($0), name: block?["name"]?.string ?? "", arguments: "")
        }
        open = (block?["type"]?.string ?? "", call)
      case "content_block_delta":
        try require(open != nil && data["index"]?.int == next - 1, "a piece of no open block")
        answer.text += data["delta"]?["text"]?.string ?? ""
        answer.thinking += data["delta"]?["thinking"]?.string ?? ""
        if let call = open?.call, let piece = data["delta"]?["partial_json"]?.string {
          open?.call = ChatToolCall(id: call.id, name: call.name, arguments: call.arguments + piece)
        }
      case "content_block_stop":
        try require(open != nil && data["index"]?.int == next - 1, "the end of no open block")
        if let call = open?.call { answer.calls.append(call) }
        open = nil
      case "message_delta":
        try require(open == nil, "the message ends within a block")
        answer.ending = try ending(data["delta"]?["stop_reason"]?.string)
      case "message_stop": try require(answer.ending != .none, "message_stop without message_delta")
      case "error": answer.ending = .failed
      default: throw BrokenRule("an event \(name)")
      }
    }
    return answer
  }

  private static func ending(_ reason: String?) throws -> Dialect.Answer.Ending {
    switch reason {
    case "end_turn", "stop_sequence", "refusal": return .complete
    case "tool_use": return .calls
    case "max_tokens": return .length
    default: throw BrokenRule("the stop reason \(reason ?? "null")")
    }
  }
}

/// Reads a response as OpenAI's clients do.
private enum ResponsesReader {
  static func read(_ stream: String) throws -> Dialect.Answer {
    let events = try stream.events
    try require(
      events.map(\.data["sequence_number"]) == events.indices.map { JSONValue($0) }, "events are not numbered from 0")
    try require(events.allSatisfy { $0.name == $0.data["type"]?.string }, "an event of another type than its name")
    try require(
      events.prefix(2).map(\.name) == ["response.created", "response.in_progress"], "does not begin with its creation")
    let items = try self.items(events)
    guard let last = events.last?.data["response"] else { throw BrokenRule("does not end with the response") }
    try require(last["output"]?.array == items, "the response is not what its events made")
    var answer = Dialect.Answer()
    for item in items { add(item, to: &answer) }
    switch last["status"]?.string {
    case "completed": answer.ending = answer.calls.isEmpty ? .complete : .calls
    case "incomplete": answer.ending = .length
    case "failed": answer.ending = .failed
    default: break
    }
    return answer
  }

  private static func add(_ item: JSONValue, to answer: inout Dialect.Answer) {
    switch item["type"]?.string {
    case "message":
      if !answer.text.isEmpty { answer.text += "\n" }
      answer.text += item["content"]?.array?.first?["text"]?.string ?? ""
    case "reasoning": answer.thinking += item["summary"]?.array?.first?["text"]?.string ?? ""
    case "function_call":
      answer.calls.append(
        ChatToolCall(
          id: CallID.received(item["call_id"]?.string ?? ""), name: item["name"]?.string ?? "",
          arguments: item["arguments"]?.string ?? ""))
    case "mcp_approval_request":
      let input = (try? JSONValue(parsing: item["arguments"]?.string ?? "")) ?? .null
      let arguments: JSONValue = ["tool_name": item["name"] ?? .null, "input": input]
      answer.calls.append(
        ChatToolCall(id: item["id"]?.string ?? "", name: "approve_tool_use", arguments: arguments.text))
    default: break
    }
  }

  /// The items, put together from their pieces.
  private static func items(_ events: [(name: String, data: JSONValue)]) throws -> [JSONValue] {
    var items: [JSONValue] = []
    var text = ""
    for (name, data) in events {
      switch name {
      case "response.output_item.added":
        try require(data["output_index"]?.int == items.count, "items are not numbered in order")
        items.append(data["item"] ?? .null)
        text = ""
      case "response.output_text.delta", "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta":
        try require(data["item_id"] == items.last?["id"], "a piece of no open item")
        text += data["delta"]?.string ?? ""
      case "response.output_item.done":
        guard let item = items.popLast() else { throw BrokenRule("the end of no item") }
        items.append(whole(item, text))
        try require(data["item"] == items.last, "an item is not what its events made")
      default: break
      }
    }
    return items
  }

  private static func whole(_ item: JSONValue, _ text: String) -> JSONValue {
    guard var object = item.object else { return item }
    switch item["type"] {
    case "message":
      object["content"] = [["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]]
    case "reasoning": object["summary"] = [["type": "summary_text", "text": .string(text)]]
    case "function_call": object["arguments"] = .string(text)
    default: return item
    }
    if object["status"] != nil { object["status"] = "completed" }
    return .object(object)
  }
}
