import Bytes
import Directives
import Glibc

/// Plays the Claude Code CLI, from the arguments to the exit of the process.
@main
struct Simulator {
  static func main() { run(Array(CommandLine.arguments.dropFirst())) }

  private static func run(_ arguments: [String]) -> Never {
    if arguments.first == Grandchild.flag { Grandchild.linger() }
    let console = Console()
    SimulatorSignals.install()
    do throws(LaunchFailure) {
      let options = try LaunchOptions(arguments: arguments)
      if options.flags.has("--version") { Simulator.finish(printing: "0.0.0-simulator (Claude Code)\n", console) }
      if options.flags.has("--help") { Simulator.finish(printing: LaunchOptions.usage, console) }
      try Simulator.play(options, console)
    } catch {
      Simulator.fail(error, console)
    }
  }

  private static func play(_ options: LaunchOptions, _ console: Console) throws(LaunchFailure) -> Never {
    let defaults = try SimulatorDirectives.parsed(Environment["CLAUDE_SIMULATOR"] ?? "")
    if let milliseconds = defaults.startDelay { usleep(UInt32(clamping: milliseconds * 1000)) }
    if defaults.has(.stderrOnly) { SimulatedFault.stderrOnly(console) }
    try options.check()
    var ids = IdentifierSource()
    let conversation: Conversation
    do throws(LaunchFailure) {
      conversation = try Conversation(options: options, defaults: defaults, ids: &ids)
    } catch {
      if let session = error.session, options.outputFormat != .text {
        let line = LineWriter.unknownSession(session, error.message, uuid: ids.uuid())
        console.line { line.write(to: &$0) }
      }
      throw error
    }
    if defaults.has(.stubborn) { conversation.becomeStubborn() }
    let writer = LineWriter(console: console, conversation: conversation, ids: ids)
    try options.readsLines ? LineMode(writer).run() : TextMode(writer).run()
  }

  private static func finish(printing text: String, _ console: Console) -> Never {
    console.text(text)
    console.exit(0)
  }

  private static func fail(_ failure: LaunchFailure, _ console: Console) -> Never {
    console.printError(failure.message)
    console.exit(failure.status)
  }
}

/// How the process answers signals, as the real CLI does.
enum SimulatorSignals {
  static func install() {
    // A closed output is an error of write(2), not a signal.
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGTERM) { _ in _exit(143) }
    // The real CLI exits with 0 here.
    _ = signal(SIGINT) { _ in _exit(0) }
  }

  static func ignoreTermination() { _ = signal(SIGTERM, SIG_IGN) }

  /// Waits until a signal ends the process.
  static func waitForOne() -> Never { while true { pause() } }
}
