import Bytes
public import EventLoop
import HTTP
import System
public import Telemetry

/// Listens, owns the connections, and has one responder decide on each request by its head.
@Reactor
public final class HTTPServer {
  let limits: ServerLimits
  let connectionLimits: HTTP1Limits.Shared
  let logger: Logger
  let clock: @Sendable () -> Timestamp
  let scheduler: any Scheduler
  private let responder: HeadResponder
  private var listener: Listener?
  private var connections: [ObjectIdentifier: HTTPConnection] = [:]
  /// Not among the connections: a flood of them would keep everyone out for as long as they linger.
  private var refused: [ObjectIdentifier: HTTPConnection] = [:]
  private var sweep: (any ScheduledTimer)?
  private let idleness: IdleWaiters
  /// Requests whose responses are not complete.
  public internal(set) var activeRequests = 0
  let readQueue: ReadQueue
  /// Bytes of bodies that were received and not yet processed.
  let bodies: BodyBudget
  /// Output buffers of the connections.
  var spareBuffers = SpareBuffers()
  private var dateSecond = -1
  private var dateText = ""
  private static let sweepInterval: Duration = .milliseconds(500)

  /// - Parameters:
  ///   - clock: the wall clock, for `date`.
  ///   - responder: routes and middleware; what it throws is rendered as an `HTTPError`.
  public init(
    limits: ServerLimits = ServerLimits(), logger: Logger, clock: @escaping @Sendable () -> Timestamp,
    scheduler: any Scheduler = Loop.main, responder: @escaping HeadResponder
  ) {
    self.limits = limits
    connectionLimits = HTTP1Limits.Shared(limits.connection)
    readQueue = ReadQueue(perTurn: limits.readersPerTurn)
    bodies = BodyBudget(total: limits.bodiesInFlight)
    self.logger = logger
    self.clock = clock
    self.scheduler = scheduler
    idleness = IdleWaiters(scheduler)
    self.responder = responder
  }

  /// The port it listens on; nil when it does not listen.
  public var port: Int? { listener?.port }

  /// Connections that are served; refused ones do not count.
  public var connectionCount: Int { connections.count }

  /// Refused connections whose 503 is being sent.
  var refusalCount: Int { refused.count }

  private var allConnections: [HTTPConnection] { Array(connections.values) + refused.values }

  private var hasConnections: Bool { !connections.isEmpty || !refused.isEmpty }

  /// - Throws: `SystemCallError` if the address cannot be bound.
  public func listen(host: String, port: Int) throws {
    listener = try Listener(host: host, port: port) { [weak self] in self?.accepted($0) }
  }

  /// Stops accepting. Requests in progress continue; idle connections are closed.
  public func stopListening() {
    isDraining = true
    listener?.close()
    listener = nil
    for connection in connections.values { connection.stop() }
  }

  /// Closes every connection, whatever it is doing.
  public func closeAllConnections() {
    for connection in allConnections { connection.lose() }
  }

  /// Whether it has stopped listening: every connection closes after its current response.
  public private(set) var isDraining = false

  /// Waits until every connection has sent its output, or its client stops reading.
  ///
  /// - Parameter timeout: the longest wait.
  public func drained(within timeout: Duration = .seconds(1)) async {
    await idleness.wait(within: timeout) { !hasConnections }
  }

  private func accepted(_ outcome: Listener.AcceptOutcome) {
    switch outcome {
    case .accepted(let descriptor, let peer):
      adopt(descriptor, peer: peer)
    case .exhausted(let error):
      logger.error("cannot accept connections for now", ["error": .string(error.description)])
    }
  }

  /// Serves a connected socket.
  func adopt(_ descriptor: Int32, peer: String) {
    do {
      let connection = try HTTPConnection(descriptor, peer: peer, server: self)
      if connections.count < limits.connections {
        connections[ObjectIdentifier(connection)] = connection
      } else {
        refuse(connection)
      }
      armSweep()
    } catch {
      logger.error("connection dropped", ["error": .string("\(error)")])
    }
  }

  private func refuse(_ connection: HTTPConnection) {
    guard refused.count < limits.refusals else { return connection.lose() }
    refused[ObjectIdentifier(connection)] = connection
    connection.refuseConnection()
  }

  func connectionClosed(_ connection: HTTPConnection) {
    connections[ObjectIdentifier(connection)] = nil
    refused[ObjectIdentifier(connection)] = nil
    if !hasConnections { idleness.begin() }
  }

  // One sweep is cheaper than a timer for each connection: a deadline costs a comparison instead of a heap operation
  // per request.
  private func armSweep() {
    guard sweep == nil else { return }
    sweep = scheduler.schedule(after: HTTPServer.sweepInterval) { [weak self] in
      guard let self else { return }
      sweep = nil
      for connection in allConnections { connection.checkDeadline() }
      if hasConnections { armSweep() } else { giveMemoryBack() }
    }
  }

  private func giveMemoryBack() {
    spareBuffers = SpareBuffers()
    FreeMemory.giveBack()
  }

  // MARK: Answers

  /// The value of the `date` field; computed once a second.
  var date: String {
    let now = clock()
    if now.seconds != dateSecond { (dateSecond, dateText) = (now.seconds, now.httpDate) }
    return dateText
  }

  /// Decides on a request before its body is read.
  func admit(_ head: HTTPRequestHead, _ length: HTTPBodyLength, _ context: RequestContext) -> Admission {
    do {
      switch try responder(head, context) {
      case .response(let response): return .response(completed(response, context))
      case .route(let route):
        try route.body.check(head, length, limits)
        return .route(route)
      }
    } catch {
      return .response(response(to: error, context))
    }
  }

  /// Passes the route's response to `send`: before this returns, or when it is ready.
  func respond(
    to request: HTTPRequest, by route: MatchedRoute, _ context: RequestContext,
    _ send: @escaping @Reactor (HTTPResponse) -> Void
  ) {
    do {
      switch try route.respond(request, context) {
      case .ready(let response): send(completed(response, context))
      case .pending(let work): Task.onLoop { [self] in send(await outcome(of: work, context)) }
      }
    } catch {
      send(response(to: error, context))
    }
  }

  /// Answers a complete request without a connection: middleware, route and errors are as for one that came over a
  /// socket.
  package func response(to request: HTTPRequest, _ context: RequestContext) async -> HTTPResponse {
    do {
      switch admit(request.head, .known(request.body.count), context) {
      case .response(let response): return response
      case .route(let route):
        switch try route.respond(request, context) {
        case .ready(let response): return completed(response, context)
        case .pending(let work): return await outcome(of: work, context)
        }
      }
    } catch {
      return response(to: error, context)
    }
  }

  private func outcome(
    of work: @Reactor () async throws -> HTTPResponse, _ context: RequestContext
  ) async -> HTTPResponse {
    do {
      return completed(try await work(), context)
    } catch {
      return response(to: error, context)
    }
  }

  /// An error in the request's dialect, with the fields that the context has for every response.
  func response(to error: any Error, _ context: RequestContext) -> HTTPResponse {
    let known = (error as? any HTTPErrorConvertible)?.httpError
    if known == nil { context.logger.error("unexpected failure", ["error": .string("\(error)")]) }
    let answer = known ?? .internalError
    return completed(answer.response(context.errorBody?(answer, context) ?? answer.body), context)
  }

  private func completed(_ response: HTTPResponse, _ context: RequestContext) -> HTTPResponse {
    var response = response
    for field in context.responseFields where response.head[field.name] == nil {
      response.head.add(field.name, field.value)
    }
    return response
  }
}
