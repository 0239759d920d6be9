import Directives
import Glibc

/// The command line.
struct StubOptions: Sendable {
  /// 0 for a port that the kernel chooses.
  var port = 0
  var logPath: String?

  /// Parses the arguments. `--help` and wrong arguments print their text and end the process.
  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      switch name {
      case "--port": port = StubOptions.port(rest.popFirst())
      case "--log": logPath = StubOptions.path(rest.popFirst())
      case "--help", "-h": StubConsole.end(StubOptions.usage, status: 0)
      default: StubOptions.refuse("unknown option '\(name)'")
      }
    }
  }

  private static func port(_ text: String?) -> Int {
    guard let text, let port = Int(text), (0...65_535).contains(port) else { refuse("--port needs a number") }
    return port
  }

  private static func path(_ text: String?) -> String {
    guard let text else { refuse("--log needs a file") }
    return text
  }

  private static func refuse(_ reason: String) -> Never {
    StubConsole.end("anthropic-stub: \(reason); see --help\n", status: 64)
  }
}

extension StubOptions {
  private static let usage = """
    Usage: anthropic-stub [--port N] [--log FILE]

    Plays the Anthropic Messages API on 127.0.0.1. N is 0 for any free port; the port is printed. FILE gets one JSON
    line for each request. GET /__requests returns the bodies of the last \(RequestLog.keptBodies) messages requests,
    DELETE /__requests drops them.

    A line

      stub: name name=value …

    in the last user message is the script of the answer. Without one the answer is `You said: <the user's text>`.

    \(StubDirective.usage)

    """
}

/// Standard output and standard error of the process.
enum StubConsole {
  /// Writes at once, without the buffers of stdio: a parent process waits for the port on a pipe.
  static func print(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
    let bytes = Array(text.utf8)
    _ = unsafe write(descriptor, bytes, bytes.count)
  }

  static func end(_ text: String, status: Int32) -> Never {
    print(text, to: status == 0 ? STDOUT_FILENO : STDERR_FILENO)
    exit(status)
  }
}
