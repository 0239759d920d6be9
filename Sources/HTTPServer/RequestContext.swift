public import Bytes
public import EventLoop
public import HTTP
public import Telemetry

/// What is known about a request besides its bytes. One per request, shared by middleware and route.
@Reactor
public final class RequestContext {
  /// The request's id, in logs and in `x-request-id`.
  public private(set) var requestID = ""
  /// The client's address, `host:port`.
  public let peer: String
  public var logger: Logger
  public let startedAt: ContinuousClock.Instant
  /// The pattern of the matched route, for instance `/v1/sessions/{id}`: a label with few values. Nil if no route
  /// matched.
  public internal(set) var route: String?
  /// The account whose budget the request's body counts on; set by middleware. Nil for none.
  public var account: String?
  /// Values that middleware stores for later, by type: for instance the principal.
  private var values: [ObjectIdentifier: Any] = [:]
  /// Fields of the response's head, set before the response exists.
  public private(set) var responseFields: [HTTPResponseHead.Field] = []
  /// Renders the body of an error in the request's dialect; nil for `HTTPError.body`.
  public var errorBody: (@Reactor (HTTPError, RequestContext) -> JSONValue)?
  /// Fires when the client leaves before its response is complete.
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

  /// Sets the request's id: its log lines and its response carry it from now on.
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

  /// Calls `action` when the response's last byte is written or the client is gone; at once if that has happened.
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
  /// The status of the response; nil if the client left before there was one.
  public let status: HTTPStatus?
  /// Body bytes, framing included.
  public let bytes: Int
  /// Whether the body was sent to its end.
  public let isComplete: Bool
}
