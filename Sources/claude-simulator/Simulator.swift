import Bytes
import Glibc

/// The process from its arguments to its exit.
struct Simulator {
  let arguments: [String]

  func run() -> Never {
    if arguments.first == Grandchild.flag { Grandchild.linger() }
    let console = Console()
    Signals.install()
    do throws(LaunchFailure) {
      let options = try LaunchOptions(arguments: arguments)
      if options.flags.has("--version") { Simulator.tell("0.0.0-simulator (Claude Code)\n", console) }
      if options.flags.has("--help") { Simulator.tell(UsageText.whole, console) }
      try Simulator.play(options, console)
    } catch {
      Simulator.refuse(error, console)
    }
  }

  private static func play(_ options: LaunchOptions, _ console: Console) throws(LaunchFailure) -> Never {
    let defaults = try Directives(parsing: Environment["CLAUDE_SIMULATOR"] ?? "")
    if let milliseconds = defaults.startDelay { usleep(UInt32(clamping: milliseconds * 1000)) }
    if defaults.has(.stderrOnly) { Fault.stderrOnly(console) }
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

  private static func tell(_ text: String, _ console: Console) -> Never {
    console.text(text)
    console.leave(0)
  }

  private static func refuse(_ failure: LaunchFailure, _ console: Console) -> Never {
    console.complain(failure.message)
    console.leave(failure.status)
  }
}
