import EventLoop
import Glibc
import HTTPServer
import System
import Telemetry

/// Plays the Anthropic Messages API on a port of 127.0.0.1, for the real CLI.
@main
struct AnthropicStub {
  static func main() {
    let options = StubOptions(Array(CommandLine.arguments.dropFirst()))
    ProcessControl.raiseDescriptorLimit()
    Task { @Reactor in launch(options) }
    while true { pause() }
  }

  /// Listens and prints the port, or ends the process with an error.
  @Reactor
  private static func launch(_ options: StubOptions) {
    let log = RequestLog(path: options.logPath)
    guard log.isOpen else { StubConsole.end("anthropic-stub: cannot write the log\n", status: 73) }
    let stub = Stub(log: log, scheduler: Loop.main)
    let logger = Logger(level: .warn, format: .pretty, now: WallClock.now) { line in
      StubConsole.print(String(decoding: line, as: UTF8.self), to: STDERR_FILENO)
    }
    let route = MatchedRoute(body: .bytes) { request, context in .pending { await stub.respond(request, context) } }
    let server = HTTPServer(logger: logger, clock: WallClock.now) { _, _ in .route(route) }
    do {
      try server.listen(host: "127.0.0.1", port: options.port)
    } catch {
      StubConsole.end("anthropic-stub: \(error)\n", status: 69)
    }
    StubConsole.print("listening on 127.0.0.1:\(server.port ?? 0)\n")
    keeper = server
  }

  /// Keeps the server alive for the life of the process.
  @Reactor private static var keeper: HTTPServer?
}

private enum WallClock {
  @Sendable static func now() -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
  }
}
