import ClaudeCode

/// Decides which images and documents of a conversation the upstream gets: the newest, up to its bounds. A note takes
/// the place of every other. A value; give it the contents from the newest to the oldest.
struct AttachmentBudget {
  static let imageNote = "[an earlier image was left out]"
  static let documentNote = "[an earlier document was left out]"

  private var images = ImageLimits.maximumCount
  private var documents = DocumentLimits.maximumCount
  private var documentBytes = DocumentLimits.maximumLength

  /// The content, with notes for what no longer fits.
  mutating func fitted(_ content: [ContentBlock]) -> [ContentBlock] {
    guard content.contains(where: { $0.text == nil }) else { return content }
    var fitted = content
    for index in content.indices.reversed() {
      if let note = note(for: content[index]) { fitted[index] = .text(note) }
    }
    return fitted
  }

  /// Nil for a block that fits.
  private mutating func note(for block: ContentBlock) -> String? {
    switch block {
    case .image:
      images -= 1
      return images < 0 ? AttachmentBudget.imageNote : nil
    case .document(let base64, _):
      documents -= 1
      documentBytes -= base64.utf8.count
      return documents < 0 || documentBytes < 0 ? AttachmentBudget.documentNote : nil
    case .text, .searchResult, .toolUse, .toolResult: return nil
    }
  }

  /// Checks what the newest user messages attach: nothing older can be left out instead.
  ///
  /// - Parameter path: the field that holds the messages.
  /// - Throws: `RequestError` 400.
  static func check(_ content: [ContentBlock], _ path: String) throws {
    let (images, documents) = (content.count(where: \.isImage), content.compactMap(\.document))
    guard images <= ImageLimits.maximumCount else {
      throw RequestError.invalid(
        "at most \(ImageLimits.maximumCount) images are allowed in the newest message, not \(images)", param: path,
        code: "too_many_images")
    }
    guard documents.count <= DocumentLimits.maximumCount else {
      throw RequestError.invalid(
        "at most \(DocumentLimits.maximumCount) documents are allowed in the newest message, not \(documents.count)",
        param: path, code: "too_many_documents")
    }
    guard documents.reduce(0, { $0 + $1.utf8.count }) <= DocumentLimits.maximumLength else {
      throw RequestError.invalid(
        "all documents of the newest message are larger than \(DocumentLimits.maximumLength) bytes of base64",
        param: path, code: "document_too_large")
    }
  }
}

extension ContentBlock {
  fileprivate var isImage: Bool { if case .image = self { true } else { false } }
  fileprivate var document: String? { if case .document(let base64, _) = self { base64 } else { nil } }
}

extension ChatHistory {
  /// The history with the images and documents that the upstream gets.
  var withinBounds: ChatHistory {
    guard (past + present).contains(where: \.hasAttachments) else { return self }
    var budget = AttachmentBudget()
    let present = present.reversed().map { $0.fitted(&budget) }
    let past = past.reversed().map { $0.fitted(&budget) }
    return ChatHistory(instructions, past.reversed(), present.reversed())
  }
}

extension ChatMessage {
  fileprivate var hasAttachments: Bool { content.contains { $0.text == nil } }

  fileprivate func fitted(_ budget: inout AttachmentBudget) -> ChatMessage {
    var message = self
    message.content = budget.fitted(content)
    return message
  }
}
