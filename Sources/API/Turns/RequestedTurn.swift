import ClaudeCode
import HTTP
import HTTPServer
import Identity

/// A turn, and the request that asks for it.
struct RequestedTurn {
  let turn: Turn
  let principal: Principal
  let context: RequestContext
  /// Whether the client repeats its request when it has waited too long: then its leaving is not yet the end.
  let mayBeRepeated: Bool

  init(_ turn: Turn, for principal: Principal, _ head: HTTPRequestHead, _ context: RequestContext) {
    self.turn = turn
    self.principal = principal
    self.context = context
    mayBeRepeated = head.isOfRepeatingClient
  }
}

extension HTTPRequestHead {
  /// Whether it comes from a client library that repeats requests by itself, or says that it may be repeated.
  var isOfRepeatingClient: Bool {
    fields["idempotency-key"] != nil || fields["x-stainless-retry-count"] != nil || fields["x-stainless-lang"] != nil
  }
}
