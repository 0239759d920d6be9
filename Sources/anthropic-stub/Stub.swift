import Bytes
import EventLoop
import HTTP
import HTTPServer

/// The API: its routes and their state.
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
    let request = try StubRequest(parsing: request.body.take())
    let answer = try answer(request)
    await wait(answer.delay)
    if case .status(let status, let retryAfter) = answer.fault {
      return AnthropicError(status: status).response(HTTPStatus(rawValue: status), retryAfter: retryAfter)
    }
    let message = StubMessage(
      id: Identifiers.make("msg_"), model: request.model, answer: answer,
      stopSequence: answer.stopReason == "stop_sequence" ? request.stopSequences.first ?? "STOP" : nil)
    return request.isStreaming ? .eventStream(MessageBody(message, scheduler: scheduler)) : whole(message)
  }

  private func answer(_ request: StubRequest) throws -> StubAnswer {
    if let text = request.sideAnswer { return StubAnswer(blocks: [.text([text])]) }
    let prompt = try PromptState(request.messages)
    var fails = false
    if let script = prompt.script, prompt.canFail(request) { fails = attempts.fails(script) }
    return try StubAnswer(request, prompt, fails: fails) { Identifiers.make("toolu_") }
  }

  private func whole(_ message: StubMessage) -> HTTPResponse {
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

/// Counts the requests of each script, so that it fails `times` times and then succeeds.
struct Attempts {
  private var counts: [String: Int] = [:]

  /// Counts a request and returns whether it fails.
  mutating func fails(_ script: Script) -> Bool {
    guard let times = script[.times] else { return true }
    counts[script.line, default: 0] += 1
    return counts[script.line, default: 0] <= times
  }
}

/// A body without content: it closes the connection at once, or stays silent.
@Reactor
final class FailingBody: StreamingBody {
  private let isCut: Bool

  init(isCut: Bool) { self.isCut = isCut }

  func start(_ writer: BodyWriter) { if isCut { writer.abort() } }

  func clientDidLeave() {}
}

/// Ids in the form of Anthropic's: a prefix and 24 letters or digits.
enum Identifiers {
  static func make(_ prefix: String) -> String {
    prefix + "01" + String((0..<22).map { _ in alphabet[Int.random(in: alphabet.indices)] })
  }

  private static let alphabet = Array("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
