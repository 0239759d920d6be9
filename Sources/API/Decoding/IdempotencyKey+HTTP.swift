import HTTP
import Identity
import Turns

extension IdempotencyKey {
  /// Nil for a client that does not retry by itself.
  ///
  /// - Parameter body: the request's body as it came.
  init?(_ head: HTTPRequestHead, _ body: [UInt8], _ principal: Principal) {
    let (given, retries) = (head.fields["idempotency-key"], head.fields["x-stainless-retry-count"])
    guard given != nil || retries != nil || head.fields["x-stainless-lang"] != nil else { return nil }
    self.init(
      endpoint: head.path, body: body, given: given, isRetry: (retries.flatMap { Int($0) } ?? 0) > 0, principal)
  }
}
