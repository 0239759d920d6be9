import Bytes
import Glibc

/// Many turns: one JSON object a line on stdin until it closes.
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
      try Turn(Prompt(content: entry.content, defaults: conversation.defaults), writer, inbox).run()
    }
    if conversation.isStubborn { Signals.waitForOne() }
    if let milliseconds = conversation.lateExit { usleep(UInt32(clamping: milliseconds * 1000)) }
    writer.console.leave(conversation.exitStatus)
  }
}
