public import EventLoop
public import HTTP
public import HTTPServer

/// Selects the form of a request's errors by its dialect, wherever they are thrown. It comes after the request has its
/// id.
@Reactor
public struct ErrorFormMiddleware: Middleware {
  public init() {}

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    switch ErrorForm(head) {
    case .openAI: break
    case .agent:
      context.errorBody = { error, _ in error.agentBody }
    case .anthropic:
      // Anthropic's clients read this field.
      context.setResponseField("request-id", context.requestID)
      context.errorBody = { error, context in error.anthropicBody(requestID: context.requestID) }
    }
    return nil
  }
}
