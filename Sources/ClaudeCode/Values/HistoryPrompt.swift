/// A whole conversation as the text of one prompt, for a CLI that does not accept its transcript. It is made on demand:
/// that is rare, and takes as long as making the transcript.
public struct HistoryPrompt: Sendable, Equatable {
  private let make: @Sendable () -> [ContentBlock]
  /// Approximate bytes of the conversation.
  let size: Int

  /// - Parameter size: a measure of the work that `make` does.
  public init(size: Int, _ make: @escaping @Sendable () -> [ContentBlock]) {
    self.size = size
    self.make = make
  }

  public init(_ content: [ContentBlock]) {
    self.init(size: content.reduce(0) { $0 + $1.size }) { content }
  }

  public var content: [ContentBlock] { make() }

  public static func == (left: HistoryPrompt, right: HistoryPrompt) -> Bool { left.content == right.content }
}
