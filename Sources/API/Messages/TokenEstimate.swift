import Bytes
import ClaudeCode
import Turns

/// About how many tokens a request's messages and tools take. There is no tokenizer here, and Claude Code counts only
/// what it has sent: this is four bytes to a token, and a fixed number for what has no bytes that tell.
struct TokenEstimate {
  static let bytesPerToken = 4
  /// Of the frame of a message.
  static let perMessage = 4
  /// Of the frame of a tool, or of a call.
  static let perTool = 12
  /// The most the upstream makes of one image, whatever its size.
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
