import Bytes

/// What is the same in every form of one message.
struct MessagesIdentity: Sendable, Equatable {
  /// `msg_…`
  let id: String
  let model: String

  /// The first members of a message, up to its content.
  var begin: ByteBuffer {
    var head = ByteBuffer()
    head.append("{\"id\":")
    JSONText.append(id, to: &head)
    head.append(",\"type\":\"message\",\"role\":\"assistant\",\"model\":")
    JSONText.append(model, to: &head)
    head.append(",\"content\":")
    return head
  }
}
