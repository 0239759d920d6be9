import Bytes
import Testing

/// An answer reaches the client as it is spoken.
@Suite(.beside, .server())
struct StreamingTests {
  @Test("the first tokens arrive before the CLI emits the next", arguments: [true, false])
  func beforeTheNextToken(isNative: Bool) async throws {
    let prompt = "simulate: tokens=5 hang=3"
    let transfer = try ServerUnderTest.ofSuite.start(
      isNative ? .native(prompt, ["include-partial-messages": true]) : .chat(prompt, stream: true))
    let answer = try await transfer.until("w2 ")
    try await transfer.leave()
    #expect(!answer.text.contains("w3"))
    #expect(answer.text.contains("w0 "))
  }

  @Test("the raw stream has partial messages only on request", arguments: [nil, false, true])
  func partialMessages(isAskedFor: Bool?) async throws {
    var options = JSONObject()
    if let isAskedFor { options["include-partial-messages"] = .bool(isAskedFor) }
    let answer = try await ServerUnderTest.ofSuite.send(.native("simulate: tokens=4 mirror=2", options))
    let types = try answer.lines().compactMap { $0["type"]?.string }
    #expect(types.filter { $0 == "stream_event" }.isEmpty == (isAskedFor != true))
    #expect(!types.contains { $0.hasPrefix("control_") || $0 == "transcript_mirror" })
    #expect(try answer.result() == "w0 w1 w2 w3 ")
  }

  @Test("a burst of tokens arrives complete", arguments: [true, false])
  func flood(isStreamed: Bool) async throws {
    let count = 20_000
    let answer = try await ServerUnderTest.ofSuite.send(.chat("simulate: flood=\(count)", stream: isStreamed))
    let expected = (0..<count).map { "w\($0) " }.joined()
    #expect(try isStreamed ? answer.chat().content == expected : answer.completion() == expected)
  }

  @Test("usage comes last, on request")
  func usage() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      .chat("simulate: tokens=7", stream: true, ["stream_options": ["include_usage": true]]))
    let chat = try answer.chat()
    #expect(chat.violations == [])
    #expect(chat.usage?["prompt_tokens"] == 25)
    #expect(chat.usage?["completion_tokens"] == 7)
    #expect(chat.usage?["total_tokens"] == 32)
    let chunks = try answer.events.data.dropLast(2).map { try JSONValue(parsing: $0) }
    #expect(chunks.allSatisfy { $0["usage"] == .null })
  }

  @Test("an unstreamed answer is one document")
  func whole() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.chat("simulate: tokens=3 thinking=2", stream: false))
    #expect(answer["content-type"] == "application/json")
    let body = try answer.json()
    #expect(
      body.object?.keys == ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"])
    #expect(body["object"] == "chat.completion")
    let choice = try #require(body["choices"]?.array?.first)
    #expect(choice.object?.keys == ["index", "message", "logprobs", "finish_reason"])
    #expect(choice["finish_reason"] == "stop")
    #expect(
      choice["message"] == [
        "role": "assistant", "content": "w0 w1 w2 ", "refusal": nil, "reasoning_content": "t0 t1 ",
      ])
    #expect(body["usage"]?["total_tokens"]?.int == 30)
  }

  @Test("each response names its request and its session")
  func names() async throws {
    let server = try ServerUnderTest.ofSuite
    let named = try await server.send(.chat("hello", stream: false, [:], ["x-request-id: my-request.1"]))
    #expect(named["x-request-id"] == "my-request.1")
    #expect(named["x-session-id"]?.count == 36)
    #expect(named["openai-processing-ms"].flatMap { Int($0) } != nil)
    let unnamed = try await server.send(.get("/v1/models", ["x-request-id: no blanks please"]))
    #expect(unnamed["x-request-id"]?.hasPrefix("req_") == true)
  }
}

/// An answer's pace, which is the model's own.
@Suite(.alone, .server())
struct StreamingPaceTests {
  @Test("deltas arrive one by one while the model generates")
  func tokenByToken() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(.chat("simulate: tokens=6 gap=100", stream: true))
    let chat = try answer.chat()
    #expect(chat.violations == [])
    #expect(chat.pieces.map(\.data) == ["w0 ", "w1 ", "w2 ", "w3 ", "w4 ", "w5 "])
    let times = chat.pieces.compactMap { answer.arrival(of: $0.end) }
    #expect(Set(times).count >= 3)
    let (first, last) = (try #require(times.first), try #require(times.last))
    // Five gaps lie between the first token and the last one.
    #expect(last - first >= .milliseconds(300))
  }
}
