import Bytes
import ClaudeCode
import Turns

/// An estimate of the tokens of a request's messages and tools. The server has no tokenizer, and Claude Code counts
/// only what it has sent. It counts four bytes as a token, and fixed numbers for frames and images.
struct TokenEstimate {
  static let bytesPerToken = 4
  /// For the frame of a message.
  static let perMessage = 4
  /// For the frame of a tool or a call.
  static let perTool = 12
  /// The most that the upstream counts for one image of any size.
  static let perImage = 1600

  private var bytes = 0
  private var fixed = 0

  init(_ request: ConversationRequest) {
    for message in request.messages { count(message) }
    for function in request.tools.functions { count(function) }
    if let schema = request.format.schema { bytes += schema.encoded.count }
  }

  /// Rounded up.
  var tokens: Int { fixed + (bytes + TokenEstimate.bytesPerToken - 1) / TokenEstimate.bytesPerToken }

  private mutating func count(_ message: ChatMessage) {
    fixed += TokenEstimate.perMessage
    for block in message.content {
      if let text = block.text { bytes += text.utf8.count } else { fixed += TokenEstimate.perImage }
    }
    for call in message.calls {
      fixed += TokenEstimate.perTool
      bytes += call.name.utf8.count + call.arguments.utf8.count
    }
  }

  private mutating func count(_ function: FunctionDeclaration) {
    fixed += TokenEstimate.perTool
    bytes += function.name.utf8.count + (function.description?.utf8.count ?? 0) + function.parameters.encoded.count
  }
}
