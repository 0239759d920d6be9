import Bytes

/// Puts the CLI's lines on standard output; the key order is that of the recorded samples.
final class LineWriter {
  let console: Console
  let conversation: Conversation
  var ids: IdentifierSource
  /// The last result, for the output formats that print nothing else.
  private(set) var lastResult: JSONValue?

  init(console: Console, conversation: Conversation, ids: IdentifierSource) {
    self.console = console
    self.conversation = conversation
    self.ids = ids
  }

  var isStreaming: Bool { conversation.options.outputFormat == .lines }
  var isPartial: Bool { isStreaming && conversation.options.includesPartialMessages }
  var session: JSONValue { .string(conversation.sessionID) }
  var uuid: JSONValue { .string(ids.uuid()) }

  func send(_ line: JSONValue) {
    guard isStreaming else { return }
    console.line { line.write(to: &$0) }
  }

  /// Something that is no line of the protocol.
  func sendRaw(_ text: String) {
    guard isStreaming else { return }
    console.line { $0.append(text) }
  }

  func sendResult(_ line: JSONValue) {
    lastResult = line
    send(line)
  }
}
