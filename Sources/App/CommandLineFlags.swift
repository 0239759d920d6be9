/// The server's command line flags. They override the environment.
struct CommandLineFlags: Sendable, Equatable {
  var host: String?
  var port: String?
  var envFile: String?
  var checksConfiguration = false
  var simulates = false
  var showsVersion = false
  var showsHelp = false

  struct UsageError: Error, Sendable, Equatable {
    let message: String
  }

  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      func value() throws(UsageError) -> String {
        if parts.count == 2 { return parts[1] }
        guard let next = rest.popFirst() else { throw UsageError(message: "\(argument) needs a value") }
        return next
      }
      switch parts[0] {
      case "--host": host = try value()
      case "--port": port = try value()
      case "--env-file": envFile = try value()
      case "--config-check": checksConfiguration = true
      case "--simulate": simulates = true
      case "--version": showsVersion = true
      case "--help", "-h": showsHelp = true
      default: throw UsageError(message: "unknown flag \(argument)")
      }
    }
  }

  static let help = """
    claude-code-server: the Claude Code CLI behind HTTP, in the protocols programs already speak.

      --host ADDRESS    where to listen (HOST)
      --port NUMBER     the port (PORT); 0 lets the system choose
      --env-file PATH   read variables from here instead of .env
      --config-check    read the configuration, say what is wrong with it, and exit
      --simulate        answer from the bundled simulator instead of the CLI
      --version         print the version
      --help            print this

    Commands:

      key               print a new API key, and the line with its digest for the configuration
      key --hash        print the digest of the key that is read from standard input

    Everything else is set in the environment or in .env; .env.example explains each variable.

    """
}
