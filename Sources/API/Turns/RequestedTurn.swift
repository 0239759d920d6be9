import ClaudeCode
import HTTP
import HTTPServer
import Identity

/// What a request asks to be done.
enum RequestedWork {
  case turn(Turn)
  /// Going on with a run that waits for these results; with what the user says besides.
  case resumption(Run, [String: FunctionResult], [ContentBlock])
}

/// Work, and the request that asks for it.
struct RequestedTurn {
  let work: RequestedWork
  let principal: Principal
  let context: RequestContext
  /// Whether the client repeats its request when it has waited too long: then its leaving is not yet the end.
  let mayBeRepeated: Bool

  init(_ work: RequestedWork, for principal: Principal, _ head: HTTPRequestHead, _ context: RequestContext) {
    self.work = work
    self.principal = principal
    self.context = context
    mayBeRepeated = head.isOfRepeatingClient
  }

  /// Whether the answer begins with its turn.
  var isWholeTurn: Bool { if case .turn = work { true } else { false } }
}

extension HTTPRequestHead {
  /// Whether it comes from a client library that repeats requests by itself, or says that it may be repeated.
  var isOfRepeatingClient: Bool {
    fields["idempotency-key"] != nil || fields["x-stainless-retry-count"] != nil || fields["x-stainless-lang"] != nil
  }
}
