import Bytes

/// What is the same in every part of one completion.
package struct ChatCompletionIdentity: Sendable, Equatable {
  /// `chatcmpl-…`
  let id: String
  /// Unix seconds.
  let created: Int
  let model: String

  package init(id: String, created: Int, model: String) {
    self.id = id
    self.created = created
    self.model = model
  }

  static let systemFingerprint = "fp_claude_code"

  /// The first members of a completion or chunk, without the closing brace.
  func begin(object: String) -> ByteBuffer {
    var head = ByteBuffer()
    head.append("{\"id\":")
    JSONText.append(id, to: &head)
    head.append(",\"object\":\"\(object)\",\"created\":\(created),\"model\":")
    JSONText.append(model, to: &head)
    head.append(",\"system_fingerprint\":\"\(ChatCompletionIdentity.systemFingerprint)\"")
    return head
  }
}
