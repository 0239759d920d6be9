import Bytes
import Glibc

/// Runs many turns: one JSON object for each line of stdin, until it closes.
struct LineMode {
  private let writer: LineWriter
  private let inbox: Inbox

  init(_ writer: LineWriter) {
    self.writer = writer
    inbox = Inbox(writer)
  }

  func run() throws(LaunchFailure) -> Never {
    let conversation = writer.conversation
    while let entry = inbox.nextEntry() {
      try SimulatedTurn(Prompt(content: entry.content, defaults: conversation.defaults), writer, inbox).run()
    }
    if conversation.isStubborn { SimulatorSignals.waitForOne() }
    if let milliseconds = conversation.lateExit { usleep(UInt32(clamping: milliseconds * 1000)) }
    writer.console.exit(conversation.exitStatus)
  }
}
