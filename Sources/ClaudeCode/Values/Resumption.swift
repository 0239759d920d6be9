/// A whole conversation, divided into what a CLI is to remember and what it is to be asked now.
public struct Resumption: Equatable, Sendable {
  /// To be written before the CLI starts, and resumed. Without messages it needs no writing: the session is new.
  public let transcript: Transcript
  /// The content of the user line that begins the turn; empty if the conversation ends with the assistant.
  public let prompt: [ContentBlock]

  public init(_ conversation: [ConversationMessage]) {
    var past = Transcript.normalized(conversation)
    var prompt: [ContentBlock] = []
    if let last = past.last, last.role == .user {
      past.removeLast()
      let (told, asked) = Resumption.divide(last.content)
      if !told.isEmpty { past.append(ConversationMessage(.user, told)) }
      prompt = asked
    }
    transcript = Transcript(past)
    self.prompt = prompt
  }

  /// How the last message goes in (CLI 2.1.329):
  ///
  /// - The results of tools are told and asked: in a user line alone they are lost, for there is no call that waits for
  ///   them; in both places they reach the upstream once.
  /// - Images are told, and the text after them is asked: images in a user line are announced to the model with the path
  ///   of a file. Without a text behind them the last one before them is asked.
  private static func divide(_ content: [ContentBlock]) -> (told: [ContentBlock], asked: [ContentBlock]) {
    let results = content.filter(\.isToolResult)
    guard results.isEmpty else { return (content, results) }
    guard let image = content.lastIndex(where: { $0.text == nil }) else { return ([], content) }
    if image + 1 < content.count { return (Array(content[...image]), Array(content[(image + 1)...])) }
    guard let text = content.lastIndex(where: { $0.text != nil }) else { return ([], content) }
    var told = content
    let asked = told.remove(at: text)
    return (told, [asked])
  }
}
