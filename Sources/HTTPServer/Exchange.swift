import EventLoop
import HTTP

/// A request and its response, as far as the server is concerned.
@Reactor
final class Exchange {
  let head: HTTPRequestHead
  let context: RequestContext
  var status: HTTPStatus?
  /// Body bytes so far, framing included.
  var bytes = 0
  /// What the request's body holds of the budget.
  var share: BodyShare?

  init(_ head: HTTPRequestHead, _ context: RequestContext) {
    self.head = head
    self.context = context
  }
}
