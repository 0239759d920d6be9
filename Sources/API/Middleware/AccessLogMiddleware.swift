import Telemetry
import Bytes
import ClaudeCode
public import EventLoop
public import HTTP
public import HTTPServer

/// Writes one line for each request when its response has ended.
@Reactor
public struct AccessLogMiddleware: Middleware {
  private let scheduler: any Scheduler

  public init(scheduler: any Scheduler = Loop.main) { self.scheduler = scheduler }

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    guard context.logger.isEnabled(.info) else { return nil }
    let (method, path) = (head.method, head.path)
    context.whenEnded { [unowned context, scheduler] summary in
      context.logger.info(
        "request",
        [
          "method": .string(method), "path": .string(path),
          "status": summary.status.map { JSONValue($0.rawValue) } ?? .null, "bytes": JSONValue(summary.bytes),
          "ms": JSONValue((scheduler.now - context.startedAt).milliseconds),
          "complete": .bool(summary.isComplete), "peer": .string(context.peer),
        ])
    }
    return nil
  }
}
