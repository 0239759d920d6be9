import Bytes
import ClaudeCode
import Turns

/// An estimate of the tokens of a request's messages and tools. The server has no tokenizer, and Claude Code counts
/// only what it has sent. It counts four bytes as a token, and fixed numbers for frames, images and pages.
struct TokenEstimate {
  static let bytesPerToken = 4
  /// For the frame of a message.
  static let perMessage = 4
  /// For the frame of a tool or a call.
  static let perTool = 12
  /// The most that the upstream counts for one image of any size.
  static let perImage = 1600

  /// For a page of a document: its text, and its image.
  static let perPage = 3000
  /// The base64 of a page, as far as one can tell without reading the document.
  static let bytesPerPage = 64 * 1024

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
      switch block {
      case .image: fixed += TokenEstimate.perImage
      case .document(let base64, _): fixed += TokenEstimate.pages(base64) * TokenEstimate.perPage
      case .text(let text): bytes += text.utf8.count
      case .searchResult, .toolUse, .toolResult: bytes += block.size
      }
    }
    for call in message.calls {
      fixed += TokenEstimate.perTool
      bytes += call.name.utf8.count + call.arguments.utf8.count
    }
  }

  private static func pages(_ base64: String) -> Int { base64.utf8.count / bytesPerPage + 1 }

  private mutating func count(_ function: FunctionDeclaration) {
    fixed += TokenEstimate.perTool
    bytes += function.name.utf8.count + (function.description?.utf8.count ?? 0) + function.parameters.encoded.count
  }
}
