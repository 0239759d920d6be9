public import Bytes
public import EventLoop
public import HTTP
public import Telemetry

/// What is known about a request besides its bytes. One per request, shared by middleware and route.
@Reactor
public final class RequestContext {
  /// Who the request is, in logs and in `x-request-id`.
  public private(set) var requestID = ""
  /// The client's address, `host:port`.
  public let peer: String
  public var logger: Logger
  public let startedAt: ContinuousClock.Instant
  /// The pattern of the route that takes the request, `/v1/sessions/{id}` for instance: a label with few values. Nil where
  /// no route matched.
  public internal(set) var route: String?
  /// Whom the request's body is counted on; middleware sets it. Nil for nobody.
  public var account: String?
  /// Values that middleware leaves for later, by type: the principal, for instance.
  private var values: [ObjectIdentifier: Any] = [:]
  /// Fields for the answer's head, whoever makes it in the end.
  public private(set) var responseFields: [HTTPResponseHead.Field] = []
  /// Writes the body of an error as the request's dialect has it; nil for `HTTPError.body`.
  public var errorBody: (@Reactor (HTTPError, RequestContext) -> JSONValue)?
  /// Says that the client went away before its answer was complete.
  public let cancellation = CancellationSignal()
  private var endActions: [@Reactor (RequestSummary) -> Void] = []
  private var summary: RequestSummary?

  public init(peer: String, logger: Logger, startedAt: ContinuousClock.Instant) {
    self.peer = peer
    self.logger = logger
    self.startedAt = startedAt
  }

  public subscript<Value>(_ type: Value.Type) -> Value? {
    get { values[ObjectIdentifier(type)] as? Value }
    set { values[ObjectIdentifier(type)] = newValue }
  }

  /// Names the request: its log lines and its answer carry the id from here on.
  public func identify(_ id: String) {
    requestID = id
    logger = logger.with("request", .string(id))
    setResponseField("x-request-id", id)
  }

  public func setResponseField(_ name: String, _ value: String) {
    let field = HTTPResponseHead.Field(name: name, value: value)
    // A loop, because a closure that is handed down from here is checked for its isolation with every call.
    for index in responseFields.indices where responseFields[index].name == name {
      responseFields[index] = field
      return
    }
    responseFields.append(field)
  }

  /// Calls `action` when the answer's last byte is written, or the client is gone; at once if that has been already.
  public func whenEnded(_ action: @escaping @Reactor (RequestSummary) -> Void) {
    if let summary { action(summary) } else { endActions.append(action) }
  }

  func end(_ summary: RequestSummary) {
    guard self.summary == nil else { return }
    self.summary = summary
    cancellation.forgetAll()
    let actions = endActions
    endActions = []
    for action in actions { action(summary) }
  }
}

/// How a request ended.
public struct RequestSummary: Sendable, Equatable {
  /// The answer's status; nil if the client left before there was one.
  public let status: HTTPStatus?
  /// Body bytes, framing included.
  public let bytes: Int
  /// Whether the body was sent to its end.
  public let isComplete: Bool
}
