import EventLoop
import HTTP
import HTTPServerTestSupport
import Testing

@testable import HTTPServer

@Reactor
struct RequestContextTests {
  private let summary = RequestSummary(status: 200, bytes: 3, isComplete: true)

  nonisolated init() {}

  @Test("values are kept by type, replaced and removed")
  func values() {
    let context = RequestContext.detached()
    #expect(context[Int.self] == nil)
    context[Int.self] = 1
    context[String.self] = "s"
    context[Int.self] = 2
    #expect(context[Int.self] == 2)
    #expect(context[String.self] == "s")
    context[Int.self] = nil
    #expect(context[Int.self] == nil)
    #expect(context[String.self] == "s")
  }

  @Test("a response field is set once, the last value counts")
  func responseFields() {
    let context = RequestContext.detached()
    context.setResponseField("a", "1")
    context.setResponseField("b", "2")
    context.setResponseField("a", "3")
    #expect(
      context.responseFields == [
        HTTPResponseHead.Field(name: "a", value: "3"), HTTPResponseHead.Field(name: "b", value: "2"),
      ])
  }

  @Test("an id names the request in its answer")
  func identity() {
    let context = RequestContext.detached()
    context.identify("r-1")
    #expect(context.requestID == "r-1")
    #expect(context.responseFields == [HTTPResponseHead.Field(name: "x-request-id", value: "r-1")])
  }

  @Test("what waits for the end is told once, in order, with how it ended")
  func ending() {
    let context = RequestContext.detached()
    var told: [String] = []
    context.whenEnded { told.append("first \($0.bytes)") }
    context.whenEnded { told.append("second \($0.isComplete)") }
    context.end(summary)
    context.end(RequestSummary(status: nil, bytes: 0, isComplete: false))
    #expect(told == ["first 3", "second true"])
  }

  @Test("who asks after the end is told at once")
  func lateListeners() {
    let context = RequestContext.detached()
    context.end(summary)
    var told: [RequestSummary] = []
    context.whenEnded { told.append($0) }
    #expect(told == [summary])
  }

  @Test("a cancellation after the end is none")
  func departureAfterTheEnd() {
    let context = RequestContext.detached()
    var cancellations = 0
    context.cancellation.whenCancelled { cancellations += 1 }
    context.end(summary)
    context.cancellation.cancel()
    #expect(cancellations == 0)
  }
}
