/// The command line.
struct LaunchOptions: Sendable {
  /// 0: the kernel chooses.
  var port = 0
  var logPath: String?

  /// Prints the usage, or what is wrong, and ends the process where the arguments ask for it.
  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      switch name {
      case "--port": port = LaunchOptions.port(rest.popFirst())
      case "--log": logPath = LaunchOptions.path(rest.popFirst())
      case "--help", "-h": Console.end(UsageText.whole, status: 0)
      default: LaunchOptions.refuse("unknown option '\(name)'")
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
    Console.end("anthropic-stub: \(reason); see --help\n", status: 64)
  }
}
