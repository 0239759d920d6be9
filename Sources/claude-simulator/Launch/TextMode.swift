import Bytes
import Glibc

/// Runs one turn. The prompt is on the command line or is all of stdin.
struct TextMode {
  private let writer: LineWriter

  init(_ writer: LineWriter) { self.writer = writer }

  func run() throws(LaunchFailure) -> Never {
    let conversation = writer.conversation
    let prompt = try Prompt(content: .string(text()), defaults: conversation.defaults)
    writer.console.stopReading()
    SimulatedTurn(prompt, writer, Inbox(writer)).run()
    printResult()
    if conversation.isMute || conversation.isStubborn { SimulatorSignals.waitForOne() }
    writer.console.exit(conversation.exitStatus)
  }

  // The real CLI waits three seconds for a silent stdin.
  private static let timeout: Int32 = 3000

  private func text() throws(LaunchFailure) -> String {
    guard let argument = writer.conversation.options.prompt else {
      guard let text = StandardInput.text(timeout: nil), !text.isEmpty else {
        throw LaunchFailure(
          "Error: Input must be provided either through stdin or as a prompt argument when using --print")
      }
      return text
    }
    guard let rest = StandardInput.text(timeout: TextMode.timeout) else {
      writer.console.printError(
        "Warning: no stdin data received in 3s, proceeding without it. If piping from a slow command, "
          + "redirect stdin explicitly: < /dev/null to skip, or wait longer.")
      return argument
    }
    return rest.isEmpty ? argument : argument + "\n" + rest
  }

  private func printResult() {
    guard let result = writer.lastResult else { return }
    switch writer.conversation.options.outputFormat {
    case .lines: break
    case .json: writer.console.line { result.write(to: &$0) }
    case .text: writer.console.text(TextMode.text(of: result) + "\n")
    }
  }

  private static func text(of result: JSONValue) -> String {
    if let text = result["result"]?.string { return text }
    return "Error: " + (result["errors"]?.array?.first?.string ?? "Execution error")
  }
}

/// Standard input as one text.
enum StandardInput {
  /// Reads to the end.
  ///
  /// - Parameter timeout: how long the first byte may take, in milliseconds; nil for no limit.
  /// - Returns: the text, or nil if the time is over.
  static func text(timeout: Int32?) -> String? {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&descriptor, 1, timeout ?? -1) != 0 else { return nil }
    return TextFile.read(descriptor: STDIN_FILENO)
  }
}
