import EventLoop
import Glibc
import HTTPServer
import Telemetry

extension Stub {
  /// Listens and prints the port; ends the process if it cannot.
  static func launch(_ options: LaunchOptions) {
    let log = RequestLog(path: options.logPath)
    guard log.isOpen else { Console.end("anthropic-stub: cannot write the log\n", status: 73) }
    let stub = Stub(log: log, scheduler: Loop.main)
    let logger = Logger(level: .warn, format: .pretty, now: WallClock.now) { line in
      Console.print(String(decoding: line, as: UTF8.self), to: STDERR_FILENO)
    }
    let route = MatchedRoute(body: .bytes) { request, context in .pending { await stub.respond(request, context) } }
    let server = HTTPServer(logger: logger, clock: WallClock.now) { _, _ in .route(route) }
    do {
      try server.listen(host: "127.0.0.1", port: options.port)
    } catch {
      Console.end("anthropic-stub: \(error)\n", status: 69)
    }
    Console.print("listening on 127.0.0.1:\(server.port ?? 0)\n")
    keeper = server
  }

  /// What holds the server for the life of the process.
  private static var keeper: HTTPServer?
}
