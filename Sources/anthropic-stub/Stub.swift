import Bytes
import EventLoop
import HTTP
import HTTPServer

/// The API: routes, and what they remember between requests.
@Reactor
final class Stub {
  private let log: RequestLog
  private var attempts = Attempts()
  private let scheduler: any Scheduler
  private var router = Router()

  init(log: RequestLog, scheduler: any Scheduler) {
    self.log = log
    self.scheduler = scheduler
    router.on("GET", "/") { _, _, _ in .json(["name": "anthropic-stub"]) }
    router.on("GET", "/__requests") { _, _, _ in
      HTTPResponse(head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(log.document))
    }
    router.on("DELETE", "/__requests") { _, _, _ in
      log.removeAll()
      return HTTPResponse(head: HTTPResponseHead(.noContent))
    }
    router.on("POST", "/v1/messages") { [unowned self] request, _, _ in try await messages(request) }
    router.on("POST", "/v1/messages/count_tokens") { request, _, _ in
      .json(["input_tokens": JSONValue(max(1, request.body.count / Stub.bytesPerToken))])
    }
  }

  private static let bytesPerToken = 4

  func respond(_ request: HTTPRequest, _ context: RequestContext) async -> HTTPResponse {
    let bytes = request.body.take()
    let request = HTTPRequest(head: request.head, body: bytes)
    if !request.head.path.hasPrefix("/__") { log.add(request.head, bytes) }
    context.setResponseField("request-id", Identifiers.make("req_"))
    do {
      return try await router.respond(request, context).response()
    } catch let error as HTTPError where error.status == .methodNotAllowed {
      return AnthropicError(error).response(.notFound)
    } catch let error as HTTPError {
      return AnthropicError(error).response(error.status)
    } catch {
      return AnthropicError(status: 500).response(.internalServerError)
    }
  }

  private func messages(_ request: HTTPRequest) async throws -> HTTPResponse {
    let request = try MessagesRequest(parsing: request.body.take())
    let answer = try answer(request)
    await wait(answer.delay)
    if case .status(let status, let retryAfter) = answer.fault {
      return AnthropicError(status: status).response(HTTPStatus(rawValue: status), retryAfter: retryAfter)
    }
    let message = Message(
      id: Identifiers.make("msg_"), model: request.model, answer: answer,
      stopSequence: answer.stopReason == "stop_sequence" ? request.stopSequences.first ?? "STOP" : nil)
    return request.isStreaming ? .eventStream(MessageBody(message, scheduler: scheduler)) : whole(message)
  }

  private func answer(_ request: MessagesRequest) throws -> Answer {
    if let text = request.sideAnswer { return Answer(blocks: [.text([text])]) }
    let prompt = try Prompt(request.messages)
    var goesWrong = false
    if let script = prompt.script, prompt.mayGoWrong(request) { goesWrong = attempts.goesWrong(script) }
    return try Answer(request, prompt, goesWrong: goesWrong) { Identifiers.make("toolu_") }
  }

  private func whole(_ message: Message) -> HTTPResponse {
    let head = HTTPResponseHead(.ok, ["content-type": "application/json"])
    switch message.answer.fault {
    case .cut: return HTTPResponse(head: head, body: .stream(FailingBody(isCut: true)))
    case .stall: return HTTPResponse(head: head, body: .stream(FailingBody(isCut: false)))
    case .errorEvent: return AnthropicError.overloaded.response(529)
    case .status, nil: return HTTPResponse(head: head, body: .bytes(message.document))
    }
  }

  private func wait(_ delay: Duration) async {
    guard delay > .zero else { return }
    await withCheckedContinuation { continuation in
      _ = scheduler.schedule(after: delay) { continuation.resume() }
    }
  }
}
