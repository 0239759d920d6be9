import Bytes
import Testing

/// What a client hears while nothing is said.
@Suite(.beside, .server())
struct KeepAliveTests {
  @Test("after ten seconds without content the head and a comment are sent")
  func ping() async throws {
    let transfer = try ServerUnderTest.ofSuite.start(.chat("simulate: tokens=2 delay=11500", stream: true))
    let head = try await transfer.head()
    #expect(head.status == 200)
    let answer = try await transfer.answer()
    let chat = try answer.chat()
    #expect(chat.violations == [])
    #expect(chat.content == "w0 w1 ")
  }

  @Test("a silent stream gets keep-alive comments", arguments: [true, false])
  func pingInMidStream(isNative: Bool) async throws {
    let prompt = "simulate: tokens=2 gap=10500"
    let answer = try await ServerUnderTest.ofSuite.send(
      isNative ? .native(prompt) : .chat(prompt, stream: true))
    let stream = answer.events
    #expect(stream.violations == [])
    #expect(stream.comments.map(\.data) == [": ping"])
    #expect(answer.text.contains("\n: ping\ndata: "))
    if !isNative { #expect(try answer.chat().content == "w0 w1 ") }
  }
}
