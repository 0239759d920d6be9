/// A whole conversation, divided into the transcript that the CLI resumes and the prompt of the next turn.
public struct Resumption: Equatable, Sendable {
  /// Written before the CLI starts, and resumed. A transcript without messages is not written: the session is new.
  public let transcript: Transcript
  /// The content of the user line that begins the turn; empty if the conversation ends with the assistant.
  public let prompt: [ContentBlock]

  public init(_ conversation: [ConversationMessage]) {
    var past = Transcript.normalized(conversation)
    var prompt: [ContentBlock] = []
    if let last = past.last, last.role == .user {
      past.removeLast()
      let (earlier, asked) = Resumption.divide(last.content)
      if !earlier.isEmpty { past.append(ConversationMessage(.user, earlier)) }
      prompt = asked
    }
    transcript = Transcript(past)
    self.prompt = prompt
  }

  /// How the last message is divided (CLI 2.1.329):
  ///
  /// - Results of tools go into the transcript and into the prompt. In a user line alone they are lost, because no call
  ///   waits for them; in both places they reach the upstream once.
  /// - Images go into the transcript and the text after them into the prompt: the CLI announces images in a user line
  ///   to the model with the path of a file. If no text follows, the last text before the images becomes the prompt.
  private static func divide(_ content: [ContentBlock]) -> (earlier: [ContentBlock], asked: [ContentBlock]) {
    let results = content.filter(\.isToolResult)
    guard results.isEmpty else { return (content, results) }
    guard let image = content.lastIndex(where: { $0.text == nil }) else { return ([], content) }
    if image + 1 < content.count { return (Array(content[...image]), Array(content[(image + 1)...])) }
    guard let text = content.lastIndex(where: { $0.text != nil }) else { return ([], content) }
    var earlier = content
    let asked = earlier.remove(at: text)
    return (earlier, [asked])
  }
}
