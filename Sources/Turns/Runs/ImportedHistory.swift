package import ClaudeCode

/// A history that no session has: a new session begins with it.
package struct ImportedHistory: Sendable {
  /// Nil for a history without a question at its end: it becomes one message.
  package let transcript: Transcript?
  /// The message that begins the turn.
  package let content: [ContentBlock]
  /// Stands in for a transcript that the CLI does not accept.
  package let fallback: HistoryPrompt
}
