/// A whole conversation as the text of one prompt: for a CLI that does not take its transcript. It is made only when it is
/// needed, for that is rare and takes as much time as the transcript.
public struct HistoryPrompt: Sendable, Equatable {
  private let make: @Sendable () -> [ContentBlock]
  /// Bytes of the conversation, roughly.
  let size: Int

  /// - Parameter size: how much work `make` is.
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
